package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.MessageProperties;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A server in a process of its own, to be killed. */
final class ServerProcess implements AutoCloseable {
  /** What the broker's process publishes while it ends. */
  static final int MESSAGES_AT_THE_END = 300;

  private final Process process;
  private final BufferedReader output;
  private final int port;

  private ServerProcess(Process process, BufferedReader output, int port) {
    this.process = process;
    this.output = output;
    this.port = port;
  }

  static ServerProcess start(String server, Path folder, Path workingDirectory, String... options)
      throws IOException {
    Files.createDirectories(workingDirectory);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Dlogback.configurationFile=logback-silent.xml"));
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            ServerProcess.class.getName(),
            server,
            folder.toString()));
    Process process =
        new ProcessBuilder(command)
            .directory(workingDirectory.toFile())
            .redirectErrorStream(true)
            .start();
    BufferedReader output = process.inputReader(UTF_8);
    String line = output.readLine();
    if (line == null || !line.startsWith("port=")) {
      process.destroyForcibly();
      throw new IOException("Unexpected first line of output: " + line);
    }
    return new ServerProcess(process, output, Integer.parseInt(line.substring("port=".length())));
  }

  int port() {
    return port;
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** SIGTERM; what it printed after its port. */
  List<String> end() throws InterruptedException {
    // Unlike the process's own, which would close its output.
    process.toHandle().destroy();
    List<String> lines = output.lines().toList();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("It did not end");
    }
    return lines;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** The process's own side. */
  public static void main(String[] arguments) throws InterruptedException {
    Path folder = Path.of(arguments[1]);
    if (arguments[0].equals("broker")) {
      var broker =
          EmbeddedBroker.start(
              new BrokerSettings("127.0.0.1", 0, "guest", "guest", Optional.of(folder)));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> publishAtTheEnd(broker)));
      System.out.println("port=" + broker.port());
    } else {
      var store = EmbeddedObjectStore.start(ObjectStoreSettings.in(folder));
      System.out.println("port=" + store.port());
    }
    Thread.currentThread().join();
  }

  private static void publishAtTheEnd(EmbeddedBroker broker) {
    try (broker;
        var connection = Clients.amqp(broker.port()).newConnection();
        var channel = connection.createChannel()) {
      channel.queueDeclare("late", true, false, false, null);
      channel.confirmSelect();
      for (int i = 0; i < MESSAGES_AT_THE_END; i++) {
        channel.basicPublish("", "late", MessageProperties.PERSISTENT_BASIC, new byte[1]);
        channel.waitForConfirmsOrDie(10_000);
      }
      System.out.println("published");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
