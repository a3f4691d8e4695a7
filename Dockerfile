# `docker build -t srbench .` sets up the package; `docker run srbench make demo` runs the demo, `make test` the tests.
FROM python:3.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends make git chromium \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srbench
COPY . .
RUN make setup
CMD ["make", "demo"]
