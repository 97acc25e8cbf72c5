package mstc.cloud.worker.bootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import mstc.cloud.worker.adapters.rabbitmq.RabbitWorkClient;
import mstc.cloud.worker.bootstrap.assembly.Services;
import mstc.cloud.worker.bootstrap.client.Progress;
import mstc.cloud.worker.bootstrap.client.Transfer;
import mstc.cloud.worker.bootstrap.logging.Logging;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.settings.WorkerTree;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.InvalidRequestException;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.wire.ReplyJson;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Uploads inputs, submits one request, waits for its end and downloads results. */
@Command(
    name = "submit",
    mixinStandardHelpOptions = true,
    description = {
      "Uploads inputs, submits one request, waits for its end and downloads results.",
      "Prints the reply as JSON."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:the job succeeded",
      "1:the job ended otherwise, or something failed before",
      "2:the request or the arguments are not valid",
      "3:no reply came within the time to wait; the job may still run",
      "124:the job was ended at its timeout",
      "130:the job was cancelled"
    })
public final class SubmitCommand implements Callable<Integer> {
  @Mixin private ConfigurationOptions options = new ConfigurationOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--image", required = true, description = "The image to run.")
  private String image = "";

  @Option(
      names = "--job-name",
      description = "The first part of the job's name; default: ${DEFAULT-VALUE}.")
  private String jobName = "job";

  @Option(
      names = "--input-bucket",
      required = true,
      paramLabel = "BUCKET",
      description = "The bucket with the inputs.")
  private String inputBucket = "";

  @Option(
      names = "--output-bucket",
      paramLabel = "BUCKET",
      description = "The bucket for results and log; default: the input bucket.")
  private @Nullable String outputBucket;

  @Option(
      names = "--timeout",
      paramLabel = "MINUTES",
      description = "After how many minutes the job is ended; default: 15.")
  private long timeoutMinutes;

  @Option(names = "--prefix", description = "What the names of the job's objects begin with.")
  private @Nullable String prefix;

  @Option(names = "--env", paramLabel = "NAME=VALUE", description = "An environment variable.")
  private Map<String, String> env = new LinkedHashMap<>();

  @Option(names = "--retries", description = "How often a failed attempt is repeated.")
  private long retries;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description = "A file to upload to the input bucket, under its own name.")
  private List<Path> inputs = List.of();

  @Option(
      names = "--download",
      paramLabel = "PREFIX",
      description = "Download the objects of the output bucket whose names begin so.")
  private List<String> downloads = List.of();

  @Option(
      names = "--to",
      paramLabel = "FOLDER",
      description = "Where downloads go; default: the current folder.")
  private Path folder = Path.of("");

  @Option(
      names = "--wait",
      paramLabel = "MINUTES",
      description = "How long to wait for the reply; default: the timeout and 10 minutes more.")
  private @Nullable Long waitMinutes;

  @Option(
      names = "--idempotency-key",
      paramLabel = "KEY",
      description = "Submitting again with the same key means the same job; default: a random one.")
  private String idempotencyKey = UUID.randomUUID().toString();

  @Parameters(paramLabel = "ARG", description = "Arguments in place of the image's own; after --.")
  private List<String> args = List.of();

  @Override
  public Integer call() throws IOException, InterruptedException {
    WorkerConfiguration configuration = WorkerTree.read(options.sources()).configuration();
    Logging.configure(Logging.Format.TEXT, Logging.Stream.ERR, "WARN");
    WorkRequest request = request();
    PrintWriter err = spec.commandLine().getErr();
    try (ObjectStore store =
        Services.objectStore(configuration.objectStore(), configuration.proxies())) {
      Transfer transfer = new Transfer(store, err::println);
      for (Path input : inputs) {
        transfer.upload(input, request.inputBucket());
      }
      Reply reply;
      RabbitWorkClient client = new RabbitWorkClient(configuration.workQueue());
      try (Progress progress = new Progress(err)) {
        reply = client.run(request, idempotencyKey, patience(request), progress::show);
      } catch (RabbitWorkClient.NoReplyException e) {
        err.println("mstc: " + e.getMessage());
        return OutcomeExitCode.NO_REPLY;
      }
      spec.commandLine()
          .getOut()
          .println(new String(new ReplyJson().toBytes(reply), StandardCharsets.UTF_8));
      Files.createDirectories(folder.toAbsolutePath());
      for (String download : downloads) {
        transfer.download(request.outputBucket(), download, folder);
      }
      return OutcomeExitCode.of(reply.outcome());
    }
  }

  private WorkRequest request() {
    WorkRequest.Builder builder =
        WorkRequest.builder()
            .image(image)
            .jobName(jobName)
            .inputBucket(inputBucket)
            .outputBucket(outputBucket)
            .timeoutMinutes(timeoutMinutes)
            .prefix(prefix)
            .env(env)
            .retries(retries)
            .args(args);
    try {
      return builder.build();
    } catch (InvalidRequestException e) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "Invalid request: " + e.getMessage(), e);
    }
  }

  private Duration patience(WorkRequest request) {
    return waitMinutes == null
        ? request.timeout().plusMinutes(10)
        : Duration.ofMinutes(waitMinutes);
  }
}
