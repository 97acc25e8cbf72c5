package mstc.cloud.worker.bootstrap.assembly;

import java.util.OptionalInt;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import org.springframework.beans.BeansException;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/** A running worker, assembled by its configuration. */
public final class WorkerApplication implements AutoCloseable {
  private final AnnotationConfigApplicationContext context;

  private WorkerApplication(AnnotationConfigApplicationContext context) {
    this.context = context;
  }

  /**
   * Starts a worker. It connects to its services by itself, now or when they are available.
   *
   * @throws IllegalStateException when it cannot be started: a port in use, a folder that cannot be
   *     written; the message says what and where
   */
  public static WorkerApplication start(WorkerConfiguration configuration) {
    OwnFolder.requireUsable(configuration.runtime());
    AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
    try {
      context.registerBean(WorkerConfiguration.class, () -> configuration);
      context.register(WorkerAssembly.class);
      context.refresh();
      return new WorkerApplication(context);
    } catch (BeansException e) {
      context.close();
      throw new IllegalStateException(reason(e), e);
    }
  }

  /** The adapter's message, which tells more than Spring's around it and the JDK's beneath. */
  private static String reason(BeansException failure) {
    Throwable cause = failure;
    while (cause instanceof BeansException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  /** The port of the HTTP API; empty if it is switched off. */
  public OptionalInt httpPort() {
    return context.getBean(WorkerLifecycle.class).httpPort();
  }

  /** Stops gracefully, within the configured grace. May be repeated. */
  @Override
  public void close() {
    context.close();
  }
}
