# The verbs in a container, docs/docker.md. For a CPU:
#   docker build -t stylegan-pl .
# For an NVIDIA GPU, whose CUDA libraries come with PyPI's torch:
#   docker build -t stylegan-pl:cuda --build-arg BASE=nvidia/cuda:13.0.2-base-ubuntu24.04 --build-arg TORCH_INDEX= .
ARG BASE=python:3.12-slim
FROM ${BASE}

# torch without CUDA, 200 MB in place of 4 GB; empty: PyPI's
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

RUN command -v python3 || { apt-get update && apt-get install -y --no-install-recommends python3 python3-venv \
  && rm -rf /var/lib/apt/lists/*; }
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

WORKDIR /opt/stylegan_pl
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE constraints.txt ./
COPY conf conf
COPY stylegan_pl stylegan_pl
RUN pip install --no-cache-dir -c constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} '.[app,film,onnx]'

# whoever runs it, docker run --user, may keep caches here and write to the mounted folder
ENV HOME=/tmp/home
RUN mkdir -m 1777 /tmp/home /pictures
WORKDIR /pictures
USER 1000
ENTRYPOINT ["stylegan-pl"]
