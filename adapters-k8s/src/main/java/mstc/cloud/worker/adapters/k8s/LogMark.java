package mstc.cloud.worker.adapters.k8s;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * From where a log can be read on, by whichever worker, and what is known of it until there.
 *
 * @param bytes how many bytes it has: whole lines, but where one is divided between two files
 * @param file the file that is read
 * @param second its newest second; empty where nothing of it has been read
 * @param history what is known beside
 */
record LogMark(long bytes, LogFile file, Optional<String> second, History history) {
  private static final String NOTHING = "-";
  private static final int WORDS = 6;
  private static final int WORDS_OF_SECOND = 4;

  /**
   * What is known of a log beside its lines.
   *
   * @param began when a worker began to follow it
   * @param whole whether it was read to its end
   * @param gaps what is, or may be, missing, each in one line
   */
  record History(Instant began, boolean whole, List<String> gaps) {
    static History beginning() {
      return new History(Instant.now(), false, List.of());
    }

    History withWhole() {
      return new History(began, true, gaps);
    }

    History withGap(String gap) {
      return new History(began, whole, Stream.concat(gaps.stream(), Stream.of(gap)).toList());
    }
  }

  LogMark withHistory(History newer) {
    return new LogMark(bytes, file, second, newer);
  }

  String toText() {
    String position =
        "%d %d %d %s %s %s %s"
            .formatted(
                bytes,
                file.offset(),
                file.lines(),
                file.emptyAt(),
                file.begins().map(Instant::toString).orElse(NOTHING),
                file.watched(),
                second.orElse(""))
            .stripTrailing();
    return Stream.concat(
            Stream.of(position, history.began() + " " + history.whole()), history.gaps().stream())
        .collect(Collectors.joining("\n"));
  }

  /** Of what another version wrote nothing is known. */
  static Optional<LogMark> parse(List<String> lines) {
    if (lines.size() < 2) {
      return Optional.empty();
    }
    List<String> words = List.of(lines.get(0).split(" ", -1));
    List<String> history = List.of(lines.get(1).split(" ", -1));
    boolean inSecond = words.size() == WORDS + WORDS_OF_SECOND;
    if ((!inSecond && words.size() != WORDS) || history.size() != 2) {
      return Optional.empty();
    }
    LogFile file =
        new LogFile(
            PodStates.instant(words.get(4)),
            Instant.parse(words.get(3)),
            // A stream that has brought nothing yet does not outlive its worker.
            inSecond && Boolean.parseBoolean(words.get(5)),
            Long.parseLong(words.get(1)),
            Long.parseLong(words.get(2)));
    return Optional.of(
        new LogMark(
            Long.parseLong(words.getFirst()),
            file,
            inSecond
                ? Optional.of(String.join(" ", words.subList(WORDS, words.size())))
                : Optional.empty(),
            new History(
                Instant.parse(history.get(0)),
                Boolean.parseBoolean(history.get(1)),
                List.copyOf(lines.subList(2, lines.size())))));
  }
}
