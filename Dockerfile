# The map as a container: environment built with uv in one stage, run without it and without root in the next.
# Nothing here depends on the architecture. BASE can be pinned: --build-arg BASE=python:3.13-slim-bookworm@sha256:…
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/livingmap
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --extra notify --extra otel --no-install-project
COPY livingmap livingmap
COPY plugins plugins
COPY migrations migrations
COPY config config
RUN uv sync --frozen --no-dev --extra notify --extra otel --no-editable

FROM ${BASE}
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="Living Map" \
    org.opencontainers.image.description="The state of a whole network of services, gathered live by plugins into one picture" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"
RUN groupadd --gid 7017 livingmap && useradd --uid 7017 --gid 7017 --create-home livingmap
COPY --from=build /opt/livingmap /opt/livingmap
COPY config /etc/livingmap
# The image has no embedded PostgreSQL: without history.url the history is in memory, and the log says so.
ENV PATH=/opt/livingmap/bin:$PATH \
    LIVINGMAP_CONFIG=/etc/livingmap/demo.yaml \
    LIVINGMAP_SERVER__HOST=0.0.0.0
USER 7017:7017
WORKDIR /home/livingmap
EXPOSE 7017
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["livingmap", "health"]
ENTRYPOINT ["livingmap"]
CMD ["serve"]
