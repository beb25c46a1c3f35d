#!/bin/sh
# Run by PostgreSQL's image when its data folder is new: a database and an owner each for iRODS and OMERO.

set -eu

add() {
    psql --set=ON_ERROR_STOP=1 --set=database="$1" --set=owner="$2" --set=password="$(cat "/run/secrets/$3")" \
        --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
create user :"owner" with password :'password';
create database :"database" owner :"owner";
SQL
}

add ICAT irods irods_database
add omero omero omero_database
