package mstc.cloud.worker.embedded;

import com.rabbitmq.client.ConnectionFactory;
import io.minio.MinioAsyncClient;
import io.minio.MinioClient;

/** Clients as users have them: nothing is set but the address, and patience with a busy machine. */
final class Clients {
  private static final int PATIENCE_MILLIS = 120_000;

  private Clients() {}

  static ConnectionFactory amqp(int port) {
    var factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(port);
    factory.setAutomaticRecoveryEnabled(false);
    factory.setHandshakeTimeout(PATIENCE_MILLIS);
    factory.setConnectionTimeout(PATIENCE_MILLIS);
    return factory;
  }

  static MinioAsyncClient s3Calls(int port) {
    return MinioAsyncClient.builder()
        .endpoint("http://127.0.0.1:" + port)
        .credentials("minioadmin", "minioadmin")
        .build();
  }

  static MinioClient s3(int port) {
    return MinioClient.builder()
        .endpoint("http://127.0.0.1:" + port)
        .credentials("minioadmin", "minioadmin")
        .build();
  }
}
