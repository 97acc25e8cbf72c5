# The image mstc/mstc-cloud-worker for those who have Docker; without it: make image.
#   docker build -t mstc/mstc-cloud-worker:0.1.0 .
ARG BUILD_IMAGE=maven:3-eclipse-temurin-25
ARG BASE_IMAGE=debian:13-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY . .
RUN mvn --batch-mode --no-transfer-progress -Pimage -Djib.skip -Dmaven.test.skip -pl bootstrap -am package

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="MSTC Cloud Worker" \
      org.opencontainers.image.description="Runs requests from a RabbitMQ queue as Kubernetes Jobs and stores their logs in MinIO or S3." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /build/bootstrap/target/image/ /
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["/opt/java/bin/java", "@/app/worker.args", "mstc.cloud.worker.bootstrap.Main"]
CMD ["worker"]
