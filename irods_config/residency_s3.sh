#!/bin/sh
# Says where the bytes of a file on an S3 resource are, by S3's HEAD: an example of a `residency_command` of a tier.
#
#   "residency_command": ["/bin/sh", "/opt/irods-omero/share/irods-omero/residency_s3.sh"]
#
# It takes the AWS command line client and may only look (s3:GetObject, which HEAD asks for). The agent gives the path as
# the catalog has it, /BUCKET/KEY, and nothing of its environment: name here where the client finds region and keys.
export AWS_CONFIG_FILE=/etc/irods-omero/aws.config AWS_SHARED_CREDENTIALS_FILE=/etc/irods-omero/aws.credentials

place=${1#/}
said=$(aws s3api head-object --bucket "${place%%/*}" --key "${place#*/}" \
    --query '[Restore, StorageClass, ArchiveStatus]' --output text) || exit 1
case $said in
    *'ongoing-request="true"'*) echo moving ;;
    *'ongoing-request="false"'*) echo online ;; # for as long as the copy that was restored is there
    *GLACIER_IR* | *GLACIER_INSTANT*) echo online ;;
    *GLACIER* | *DEEP_ARCHIVE* | *ARCHIVE_ACCESS*) echo offline ;;
    *) echo online ;;
esac
