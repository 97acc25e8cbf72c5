package mstc.cloud.worker.standalone;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import mstc.cloud.worker.embedded.BrokerSettings;
import mstc.cloud.worker.embedded.EmbeddedBroker;
import mstc.cloud.worker.embedded.EmbeddedObjectStore;
import mstc.cloud.worker.embedded.ObjectStoreSettings;

/**
 * A broker and an S3 server in this process, on loopback and with the credentials that clients use
 * by default. The worker reaches them like any others.
 */
final class EmbeddedServices implements AutoCloseable {
  static final String HOST = "127.0.0.1";
  static final String USER = "guest";
  static final String PASSWORD = "guest";
  static final String ACCESS_KEY = "minioadmin";
  static final String SECRET_KEY = "minioadmin";

  private final EmbeddedBroker broker;
  private final EmbeddedObjectStore store;

  private EmbeddedServices(EmbeddedBroker broker, EmbeddedObjectStore store) {
    this.broker = broker;
    this.store = store;
  }

  /**
   * Starts both.
   *
   * @param folder where messages and objects are kept
   * @param brokerPort 0 for any free port
   * @param storePort 0 for any free port
   * @throws mstc.cloud.worker.embedded.PortInUseException when something else listens there
   */
  static EmbeddedServices start(Path folder, int brokerPort, int storePort) {
    EmbeddedObjectStore store =
        EmbeddedObjectStore.start(
            new ObjectStoreSettings(
                HOST, storePort, ACCESS_KEY, SECRET_KEY, folder.resolve("objects")));
    try {
      EmbeddedBroker broker =
          EmbeddedBroker.start(
              new BrokerSettings(
                  HOST, brokerPort, USER, PASSWORD, Optional.of(folder.resolve("messages"))));
      return new EmbeddedServices(broker, store);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /** The configuration for reaching them, whichever type of object store is chosen. */
  Map<String, String> configuration() {
    Map<String, String> values = new TreeMap<>();
    values.put("mstc.work-queue.host", HOST);
    values.put("mstc.work-queue.port", Integer.toString(broker.port()));
    values.put("mstc.work-queue.user", USER);
    values.put("mstc.work-queue.password", PASSWORD);
    values.put("mstc.object-store.minio.host", HOST);
    values.put("mstc.object-store.minio.port", Integer.toString(store.port()));
    values.put("mstc.object-store.minio.access-key", ACCESS_KEY);
    values.put("mstc.object-store.minio.secret-key", SECRET_KEY);
    values.put("mstc.object-store.s3.endpoint", store.endpoint().toString());
    values.put("mstc.object-store.s3.access-key", ACCESS_KEY);
    values.put("mstc.object-store.s3.secret-key", SECRET_KEY);
    values.put("mstc.object-store.public-endpoint", store.endpoint().toString());
    return values;
  }

  @Override
  public void close() {
    broker.close();
    store.close();
  }
}
