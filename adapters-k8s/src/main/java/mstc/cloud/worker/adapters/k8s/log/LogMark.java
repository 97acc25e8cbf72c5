package mstc.cloud.worker.adapters.k8s.log;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;

/**
 * The position from which any worker can resume reading a log, and what is known up to there.
 *
 * @param history what else is known
 */
record LogMark(LogPosition position, History history) {
  private static final String NOTHING = "-";
  private static final int WORDS = 6;
  private static final int WORDS_OF_SECOND = 4;

  /**
   * What is known of a log besides its lines.
   *
   * @param began when a worker began to follow it
   * @param whole whether it was read to its end
   * @param earlier how many logs of earlier attempts of its job there are; empty if no worker knew
   *     all of them
   * @param gaps what is or may be missing, each in one line
   */
  record History(Instant began, boolean whole, Optional<Integer> earlier, List<String> gaps) {
    private static final Pattern LINE = Pattern.compile("(\\S+) (true|false)(?:/(\\d{1,9}))?");

    static History beginning() {
      return new History(Instant.now(), false, Optional.empty(), List.of());
    }

    History withWhole() {
      return new History(began, true, earlier, gaps);
    }

    History withEarlier(int logs) {
      return new History(began, whole, Optional.of(logs), gaps);
    }

    History withGap(String gap) {
      return new History(
          began, whole, earlier, Stream.concat(gaps.stream(), Stream.of(gap)).toList());
    }

    /** Older versions take {@code whole/earlier} for false: they read the log once more. */
    private String toLine() {
      return began + " " + whole + earlier.map(logs -> "/" + logs).orElse("");
    }

    /** Empty if another version wrote it. */
    private static Optional<History> parse(String line, List<String> gaps) {
      Matcher words = LINE.matcher(line);
      return words.matches()
          ? Optional.of(
              new History(
                  Instant.parse(words.group(1)),
                  Boolean.parseBoolean(words.group(2)),
                  Optional.ofNullable(words.group(3)).map(Integer::valueOf),
                  List.copyOf(gaps)))
          : Optional.empty();
    }
  }

  /** How many bytes are before it. */
  long bytes() {
    return position.bytes();
  }

  String toText() {
    LogFile file = position.file();
    String standing =
        "%d %d %d %s %s %s %s"
            .formatted(
                position.bytes(),
                file.offset(),
                file.lines(),
                file.emptyAt(),
                file.begins().map(Instant::toString).orElse(NOTHING),
                file.watched(),
                position.second().orElse(""))
            .stripTrailing();
    return Stream.concat(Stream.of(standing, history.toLine()), history.gaps().stream())
        .collect(Collectors.joining("\n"));
  }

  /** Empty if another version wrote it. */
  static Optional<LogMark> parse(List<String> lines) {
    if (lines.size() < 2) {
      return Optional.empty();
    }
    List<String> words = List.of(lines.get(0).split(" ", -1));
    Optional<History> history = History.parse(lines.get(1), lines.subList(2, lines.size()));
    boolean inSecond = words.size() == WORDS + WORDS_OF_SECOND;
    if ((!inSecond && words.size() != WORDS) || history.isEmpty()) {
      return Optional.empty();
    }
    LogFile file =
        new LogFile(
            Timestamps.parse(words.get(4)),
            Instant.parse(words.get(3)),
            // A stream that has brought nothing yet does not outlive its worker.
            inSecond && Boolean.parseBoolean(words.get(5)),
            Long.parseLong(words.get(1)),
            Long.parseLong(words.get(2)));
    return Optional.of(
        new LogMark(
            new LogPosition(
                Long.parseLong(words.getFirst()),
                file,
                inSecond
                    ? Optional.of(String.join(" ", words.subList(WORDS, words.size())))
                    : Optional.empty()),
            history.get()));
  }
}
