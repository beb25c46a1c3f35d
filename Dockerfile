# Two images: "zone", the vendor's iRODS with these rules installed, and "agent".
#
#   docker build --target zone --tag irods-omero-zone .
#   docker build --target agent --tag irods-omero-agent .
#
# compose.yaml builds both and joins them with PostgreSQL, OMERO and OMERO.web; docs/installation.md says how.

ARG UBUNTU=docker.io/library/ubuntu:24.04

# The program, in a virtual environment of its own. omero-py needs zeroc-ice, which has to be compiled.
FROM ${UBUNTU} AS program
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates g++ libssl-dev python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/irods-omero
WORKDIR /src
COPY policies/irods_omero/install/zeroc_ice.py ./
RUN wheel=$(/opt/irods-omero/bin/python zeroc_ice.py) \
    && /opt/irods-omero/bin/pip install --no-cache-dir --no-deps "$wheel" \
    && rm -rf /root/.cache
# The versions are those that the tests ran with.
COPY requirements/runtime.txt requirements/
COPY pyproject.toml README.md LICENSE core.py ./
COPY policies policies
COPY irods_config irods_config
RUN /opt/irods-omero/bin/pip install --no-cache-dir --constraint requirements/runtime.txt '.[omero]'

FROM ${UBUNTU} AS agent
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3t64 python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin irods-omero
COPY --from=program /opt/irods-omero /opt/irods-omero
COPY docker/with_secrets.sh docker/omero_accounts.py /opt/irods-omero/docker/
USER irods-omero
ENV PATH=/opt/irods-omero/bin:/usr/bin:/bin
ENTRYPOINT ["/opt/irods-omero/docker/with_secrets.sh"]
CMD ["irods-omero", "agent"]

FROM ${UBUNTU} AS zone
ENV DEBIAN_FRONTEND=noninteractive
ARG IRODS=5.0.2
ARG PYTHON_RULE_ENGINE=5.0.1
ARG STORAGE_TIERING=5.0.1
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates gnupg wget \
    && wget --quiet --output-document - https://packages.irods.org/irods-signing-key.asc \
        | gpg --dearmor --output /usr/share/keyrings/irods.gpg \
    && echo "deb [arch=amd64 signed-by=/usr/share/keyrings/irods.gpg] https://packages.irods.org/apt/ noble main" \
        > /etc/apt/sources.list.d/irods.list \
    && apt-get update \
    && apt-get install --yes \
        "irods-runtime=${IRODS}-0~noble" \
        "irods-server=${IRODS}-0~noble" \
        "irods-icommands=${IRODS}-0~noble" \
        "irods-database-plugin-postgres=${IRODS}-0~noble" \
        "irods-rule-engine-plugin-python=${PYTHON_RULE_ENGINE}-0+${IRODS}~noble" \
        "irods-rule-engine-plugin-unified-storage-tiering=${STORAGE_TIERING}-0+${IRODS}~noble" \
        python3-distro python3-jsonschema python3-psutil python3-requests odbc-postgresql unixodbc \
    && rm -rf /var/lib/apt/lists/*
COPY --from=program /opt/irods-omero /opt/irods-omero
COPY docker/with_secrets.sh docker/zone.sh docker/zone_contents.sh docker/zone_health.sh docker/zone_setup.py \
    /opt/irods-omero/docker/
EXPOSE 1247
ENTRYPOINT ["/opt/irods-omero/docker/with_secrets.sh"]
CMD ["/opt/irods-omero/docker/zone.sh"]
