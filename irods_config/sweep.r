# Has the delay server run the agent's sweeps, in place of its service. Queue it once, as the iRODS service
# account, which is logged in as an administrator:
#
#   sudo -H -u irods irule -r irods_rule_engine_plugin-python-instance \
#       -F /opt/irods-omero/share/irods-omero/sweep.r
#
# Each part of SHARDS is a rule of its own, which runs on one of the delay_rule_executors: these servers all need the
# agent, the policy file and the passwords. While a sweep lasts it occupies one of
# number_of_concurrent_delay_rule_executors; storage tiering needs the others.
#
# The text of a delayed rule is a program, so nothing in it comes from a user: it is the constant below. It is a rule
# for the Python rule engine because only administrators may queue such rules. A command for msiExecCmd could be started
# by any user, at any time and with arguments of his own. The lock keeps a sweep from starting beside one that lasts
# longer than the interval, or that iRODS 4.3 starts a second time after a crash.

SHARDS = ["0-31", "32-63"]

SWEEP = """
import subprocess
shards = "PART"
command = ["/usr/bin/flock", "--nonblock", "--conflict-exit-code", "0", "/var/lib/irods/irods-omero-" + shards + ".lock"]
command += ["/opt/irods-omero/bin/irods-omero", "agent", "--once", "--json", "--shards", shards]
try:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
    said = ascii(done.stdout[-500:].decode("utf-8", "replace")) if done.returncode else ""
except OSError as failure:
    said = ascii(str(failure))
if said:
    callback.writeLine("serverLog", "irods-omero: the sweep of shards " + shards + " failed: " + said)
"""


def main(rule_args, callback, rei):
    when = "<INST_NAME>irods_rule_engine_plugin-python-instance</INST_NAME><PLUSET>1s</PLUSET><EF>30s REPEAT FOR EVER</EF>"
    for part in SHARDS:
        callback.delayExec(when, SWEEP.replace("PART", part), "")

INPUT null
OUTPUT ruleExecOut
