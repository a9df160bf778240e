# The map as a container: environment built with uv in one stage, run without it and without root in the next.
FROM python:3.13-slim-bookworm AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/livingmap
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project
COPY livingmap livingmap
COPY plugins plugins
COPY migrations migrations
COPY config config
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 7017 --create-home livingmap
COPY --from=build /opt/livingmap /opt/livingmap
COPY config /etc/livingmap
ENV PATH=/opt/livingmap/bin:$PATH \
    LIVINGMAP_CONFIG=/etc/livingmap/demo.yaml \
    LIVINGMAP_SERVER__HOST=0.0.0.0
USER 7017
WORKDIR /home/livingmap
EXPOSE 7017
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; port = os.environ.get('LIVINGMAP_SERVER__PORT') or os.environ.get('PORT') or 7017; urllib.request.urlopen(f'http://127.0.0.1:{port}/living-map/health/live', timeout=2)"]
ENTRYPOINT ["livingmap"]
CMD ["serve"]
