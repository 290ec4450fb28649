# The service in two stages: what builds it stays behind. docs/operating.md says how to run it;
# tests/container.sh builds and runs it for real, with an engine or without one.
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/brief
COPY requirements.lock ./
RUN /opt/build/bin/pip --python /opt/brief/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY subscribers subscribers
COPY templates templates
RUN PYTHONPATH=/opt/brief/lib/python3.11/site-packages \
        /opt/brief/bin/python -m hatchling build -t wheel -d /wheels && \
    /opt/build/bin/pip --python /opt/brief/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-deps --no-index /wheels/*.whl && \
    /opt/build/bin/pip --python /opt/brief/bin/python uninstall --yes --disable-pip-version-check \
        editables hatchling pathspec pluggy trove-classifiers

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="The arXiv Education Brief" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin brief && \
    install --directory --owner=brief --group=brief --mode=0750 /data
COPY --from=build /opt/brief /opt/brief
ENV PATH=/opt/brief/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BRIEF_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
ENTRYPOINT ["brief"]
CMD ["serve", "--host", "0.0.0.0"]
