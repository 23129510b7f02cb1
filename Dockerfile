# Stage 1 installs the locked dependencies; nothing of its tools reaches the image that runs.
FROM python:3.11-slim-bookworm AS build
COPY requirements.txt requirements-extras.txt ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements.txt -r requirements-extras.txt

FROM python:3.11-slim-bookworm
# What reports as PDF need: laying out text, and letters that the product's own font lacks.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
# New volumes take over the rights of these folders. Under Docker Compose another user writes there, see make-secrets.
RUN groupadd --gid 10001 maturity \
    && useradd --uid 10001 --gid maturity --no-create-home --home-dir /data maturity \
    && install --directory --owner=maturity --group=maturity --mode=1777 /data /backups
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/staticfiles \
    HOST=0.0.0.0 \
    IN_CONTAINER=1 \
    PORT=8000
WORKDIR /app
COPY . .
# Everything is written while the image is built: compiled modules and static files. The key made on the way stays behind.
RUN DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -r /tmp/build \
    && python -m compileall -q /venv/lib /app
ENV PYTHONDONTWRITEBYTECODE=1
VOLUME /data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "scripts/probe.py", "http://127.0.0.1:8000/healthz"]
ENTRYPOINT ["scripts/entrypoint"]
CMD []
