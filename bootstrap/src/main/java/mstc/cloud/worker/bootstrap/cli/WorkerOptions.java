package mstc.cloud.worker.bootstrap.cli;

import java.util.Optional;
import mstc.cloud.worker.bootstrap.remote.WorkerAddress;
import mstc.cloud.worker.bootstrap.remote.WorkerApi;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options that say which running worker a command speaks to. */
final class WorkerOptions {
  private static final String USUAL = "http://localhost:8080";

  @Option(
      names = "--url",
      description = "Where the worker's HTTP API is; default: MSTC_URL, or " + USUAL + ".")
  private @Nullable String url;

  @Option(
      names = "--token",
      description =
          "The worker's token (mstc.http.token); default: MSTC_TOKEN, which other users of this"
              + " machine cannot see.")
  private @Nullable String token;

  /**
   * Opens the worker's API; the caller closes it.
   *
   * @throws CommandLine.ParameterException if the address or the token cannot be one
   */
  WorkerApi open(CommandSpec spec) {
    try {
      return new WorkerApi(
          WorkerAddress.of(given(url, "MSTC_URL").orElse(USUAL), given(token, "MSTC_TOKEN")));
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private static Optional<String> given(@Nullable String option, String variable) {
    return Optional.ofNullable(option)
        .or(() -> Optional.ofNullable(System.getenv(variable)))
        .filter(text -> !text.isEmpty());
  }
}
