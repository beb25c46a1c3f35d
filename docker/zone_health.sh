#!/bin/bash
# Whether the iRODS server answers: it sends back what is called a heartbeat.

set -eu
exec 3<> /dev/tcp/127.0.0.1/1247
printf '\x00\x00\x00\x33<MsgHeader_PI><type>HEARTBEAT</type></MsgHeader_PI>' >&3
timeout 5 head -c 9 <&3 | grep -q HEARTBEAT
