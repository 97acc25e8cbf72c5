package mstc.cloud.worker.adapters.k8s.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a cluster told of one job, as it is written in {@code recorded-histories.txt}.
 *
 * @param title what happens to the job
 * @param end how it ended, and the warnings
 */
record RecordedHistory(String title, List<String> end, List<Told> told) {
  static final Instant BEGIN = Instant.parse("2026-11-26T01:00:00Z");

  private static final String CONTAINER = "solve";
  private static final String FILE = "/recorded-histories.txt";
  private static final long DEADLINE_SECONDS = 60;

  /**
   * One message of a watch.
   *
   * @param item a Job or a pod
   * @param gone whether the message is that it is gone
   */
  record Told(HasMetadata item, boolean gone) {}

  @Override
  public String toString() {
    return title;
  }

  static List<RecordedHistory> all() {
    List<List<String>> blocks = new ArrayList<>();
    for (String line : text().split("\n", -1)) {
      if (line.startsWith("== ")) {
        blocks.add(new ArrayList<>());
      }
      if (!line.isBlank() && !line.startsWith("#")) {
        blocks.getLast().add(line);
      }
    }
    return blocks.stream().map(RecordedHistory::parse).toList();
  }

  private static String text() {
    try (InputStream in =
        Objects.requireNonNull(RecordedHistory.class.getResourceAsStream(FILE), FILE)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RecordedHistory parse(List<String> lines) {
    int retries = Integer.parseInt(lines.get(2).substring("retries ".length()));
    List<Told> told =
        IntStream.range(3, lines.size())
            .mapToObj(number -> told(lines.get(number), number, retries))
            .toList();
    return new RecordedHistory(
        lines.get(0).substring("== ".length()),
        List.of(lines.get(1).substring("= ".length()).split("; ")),
        told);
  }

  private static Told told(String line, int version, int retries) {
    List<String> words = List.of(line.split(" "));
    return words.getFirst().equals("job")
        ? new Told(job(words, version, retries), false)
        : new Told(pod(words, version), words.contains("gone"));
  }

  private static Job job(List<String> words, int version, int retries) {
    JobBuilder job =
        new JobBuilder()
            .withNewMetadata()
            .withName("j")
            .withUid("j")
            .withResourceVersion(Integer.toString(100 + version))
            .endMetadata()
            .withNewSpec()
            .withBackoffLimit(retries)
            .endSpec()
            .withNewStatus()
            .endStatus();
    for (String word : words.subList(1, words.size())) {
      String[] parts = word.split("[=@]", -1);
      job =
          switch (parts[0]) {
            case "active" -> job.editStatus().withActive(number(parts[1])).endStatus();
            case "terminating" -> job.editStatus().withTerminating(number(parts[1])).endStatus();
            case "failed" -> job.editStatus().withFailed(number(parts[1])).endStatus();
            case "succeeded" -> job.editStatus().withSucceeded(number(parts[1])).endStatus();
            case "uncounted-failed" ->
                job.editStatus()
                    .withNewUncountedTerminatedPods()
                    .withFailed(Collections.nCopies(number(parts[1]), "uid"))
                    .endUncountedTerminatedPods()
                    .endStatus();
            case "uncounted-succeeded" ->
                job.editStatus()
                    .withNewUncountedTerminatedPods()
                    .withSucceeded(Collections.nCopies(number(parts[1]), "uid"))
                    .endUncountedTerminatedPods()
                    .endStatus();
            default ->
                job.editStatus()
                    .addNewCondition()
                    .withType(parts[0])
                    .withStatus("True")
                    .withReason(parts[1])
                    .withLastTransitionTime(time(parts[2]))
                    .endCondition()
                    .endStatus();
          };
    }
    return job.build();
  }

  private static Pod pod(List<String> words, int version) {
    PodBuilder pod =
        new PodBuilder()
            .withNewMetadata()
            .withName(words.get(1))
            .withUid(words.get(1))
            .withResourceVersion(Integer.toString(100 + version))
            .addToLabels(JobNames.NAME_LABEL, CONTAINER)
            .endMetadata()
            .withNewSpec()
            .withActiveDeadlineSeconds(DEADLINE_SECONDS)
            .endSpec()
            .withNewStatus()
            .withPhase(words.get(2))
            .endStatus();
    for (String word : words.subList(3, words.size())) {
      String[] parts = word.split("[=/@]", -1);
      pod =
          switch (parts[0]) {
            case "created" ->
                pod.editMetadata().withCreationTimestamp(time(parts[1])).endMetadata();
            case "node" -> pod.editStatus().withStartTime(time(parts[1])).endStatus();
            case "reason" -> pod.editStatus().withReason(parts[1]).endStatus();
            case "waiting" ->
                pod.editStatus()
                    .addNewContainerStatus()
                    .withName(CONTAINER)
                    .withNewState()
                    .withNewWaiting("", parts[1])
                    .endState()
                    .endContainerStatus()
                    .endStatus();
            case "running" ->
                pod.editStatus()
                    .addNewContainerStatus()
                    .withName(CONTAINER)
                    .withNewState()
                    .withNewRunning(time(parts[1]))
                    .endState()
                    .endContainerStatus()
                    .endStatus();
            case "exit" ->
                pod.editStatus()
                    .addNewContainerStatus()
                    .withName(CONTAINER)
                    .withNewState()
                    .withNewTerminated()
                    .withExitCode(number(parts[1]))
                    .withReason(parts[2])
                    .withStartedAt(parts[3].equals("-") ? "" : time(parts[3]))
                    .withFinishedAt(parts[4].equals("-") ? "" : time(parts[4]))
                    .endTerminated()
                    .endState()
                    .endContainerStatus()
                    .endStatus();
            case "disrupted" ->
                pod.editStatus()
                    .addNewCondition()
                    .withType("DisruptionTarget")
                    .withStatus("True")
                    .withReason(parts[1])
                    .withLastTransitionTime(time(parts[2]))
                    .endCondition()
                    .endStatus();
            case "deleted" ->
                pod.editMetadata()
                    .withDeletionTimestamp(time(parts[1]))
                    .withDeletionGracePeriodSeconds((long) number(parts[2]))
                    .endMetadata();
            case "gone" -> pod;
            default -> throw new IllegalArgumentException(word);
          };
    }
    return pod.build();
  }

  private static int number(String text) {
    return Integer.parseInt(text);
  }

  private static String time(String seconds) {
    return BEGIN.plusSeconds(Long.parseLong(seconds)).toString();
  }

  Stream<Pod> pods() {
    return told.stream().map(Told::item).filter(Pod.class::isInstance).map(Pod.class::cast);
  }
}
