# Dagster with its schedules and sensors, and the `tollbook` command. State is in /data, configuration in /company/seeds.
FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/tollbook
COPY . .
# what `make setup` compiles of the models belongs to the image; /data is the deployment's own
RUN make setup && useradd --create-home --uid 10001 tollbook && mkdir -p /data /company && \
    chown -R tollbook /data target
USER tollbook
ENV PATH=/opt/tollbook/.venv/bin:$PATH \
    TOLLBOOK_HOME=/data/home \
    TOLLBOOK_SEEDS=/company/seeds \
    DAGSTER_HOME=/data/dagster
VOLUME /data
EXPOSE 3000
CMD ["tollbook", "ui", "--host", "0.0.0.0"]
