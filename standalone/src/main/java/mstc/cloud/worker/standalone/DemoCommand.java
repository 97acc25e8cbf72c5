package mstc.cloud.worker.standalone;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import mstc.cloud.worker.adapters.rabbitmq.RabbitWorkClient;
import mstc.cloud.worker.bootstrap.assembly.Services;
import mstc.cloud.worker.bootstrap.client.Progress;
import mstc.cloud.worker.bootstrap.client.Transfer;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationSources;
import mstc.cloud.worker.bootstrap.logging.Logging;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.standalone.demo.DemoJob;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.RequestJson;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows one request, end to end, on services and a folder of its own that end with it. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the whole way of one request: inputs to a bucket, a request over AMQP, a job, its log"
          + " and result, the reply.",
      "Starts a broker, an S3 server and a worker on free ports and stops them at the end. Exits"
          + " with 0 only when all of it succeeded."
    })
final class DemoCommand implements Callable<Integer> {
  private static final String BUCKET = "mstc-demo";
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    Logging.configure(Logging.Format.TEXT, Logging.Stream.ERR, "WARN");
    PrintWriter out = spec.commandLine().getOut();
    Path folder = Files.createTempDirectory("mstc-demo-");
    try {
      out.println("Starting a broker, an S3 server and a worker …");
      out.flush();
      try (Standalone standalone =
              Standalone.start(
                  new Standalone.Settings(folder, 0, 0), DemoCommand::sources, _ -> {});
          ObjectStore store =
              Services.objectStore(
                  standalone.configuration().objectStore(), standalone.configuration().proxies())) {
        return run(
            folder, store, new RabbitWorkClient(standalone.configuration().workQueue()), out);
      }
    } finally {
      TemporaryFolder.delete(folder);
    }
  }

  /** Uses nothing of this machine's configuration: the demo is the same everywhere. */
  private static ConfigurationSources sources(Map<String, String> given) {
    return ConfigurationSources.ofEnvironment(Map.of())
        .withOverrides(with(given, "mstc.http.enabled", "false"));
  }

  private static Map<String, String> with(Map<String, String> values, String key, String value) {
    Map<String, String> more = new TreeMap<>(values);
    more.put(key, value);
    return more;
  }

  private static int run(Path folder, ObjectStore store, RabbitWorkClient client, PrintWriter out)
      throws IOException, InterruptedException, RabbitWorkClient.NoReplyException {
    WorkRequest request =
        WorkRequest.builder()
            .image(BuiltInCatalogue.DEMO_IMAGE)
            .jobName("heat")
            .inputBucket(BUCKET)
            .prefix("demo")
            .timeoutMinutes(2)
            .build();
    Transfer transfer = new Transfer(store, line -> out.println("  " + line));
    out.println("\nInputs:");
    for (String input : DemoJob.INPUTS) {
      transfer.upload(unpack(input, folder), request.inputBucket());
    }
    out.println(
        "\nRequest, to the queue mstc.queue.work:\n  " + text(RequestJson.toBytes(request)));
    out.flush();
    Reply reply;
    try (Progress progress = new Progress(out)) {
      reply = client.run(request, UUID.randomUUID().toString(), PATIENCE, progress::show);
    }
    out.println("\nReply:\n  " + text(new ReplyJson().toBytes(reply)));
    Optional<String> log = reply.log().flatMap(stored -> read(store, stored));
    out.println("\nLog:");
    log.ifPresent(text -> text.lines().forEach(line -> out.println("  " + line)));
    List<ObjectListing> objects = store.list(request.outputBucket(), "");
    out.println("\nObjects:");
    objects.forEach(object -> out.printf("  %s, %d bytes%n", object.location(), object.bytes()));
    boolean succeeded =
        reply.outcome() == JobOutcome.Kind.SUCCEEDED
            && log.isPresent()
            && objects.stream()
                .anyMatch(object -> object.location().key().endsWith(DemoJob.RESULT));
    out.println(succeeded ? "\nThe demonstration succeeded." : "\nThe demonstration failed.");
    out.flush();
    return succeeded ? 0 : 1;
  }

  private static Path unpack(String input, Path folder) throws IOException {
    Path file = folder.resolve(input);
    try (InputStream in = DemoJob.class.getResourceAsStream(input)) {
      Files.copy(Objects.requireNonNull(in), file);
    }
    return file;
  }

  private static Optional<String> read(ObjectStore store, StoredLog log) {
    return store
        .read(log.location())
        .map(content -> {
          try (content) {
            return text(content.readAllBytes());
          } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + log.location(), e);
          }
        });
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
