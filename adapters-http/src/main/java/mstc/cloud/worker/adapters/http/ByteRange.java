package mstc.cloud.worker.adapters.http;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;

/**
 * The bytes that a client asks for: from one to another, from one on, or the last ones.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#name-range-requests">RFC 9110, Range
 *     Requests</a>
 */
record ByteRange(Optional<Long> first, Optional<Long> last) {
  private static final Pattern SYNTAX = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

  /** A part that there is; both ends belong to it. */
  record Part(long first, long last) {
    long length() {
      return last - first + 1;
    }
  }

  /** Empty if none is given, or not one that is understood: then all bytes are meant. */
  static Optional<ByteRange> of(HttpFields headers) {
    List<String> values = headers.getValuesList("Range");
    if (values.size() != 1) {
      return Optional.empty();
    }
    Matcher matcher = SYNTAX.matcher(values.getFirst());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Optional<Long> first = number(matcher.group(1));
    Optional<Long> last = number(matcher.group(2));
    boolean isOne =
        first.isPresent() ? last.map(end -> end >= first.get()).orElse(true) : last.isPresent();
    return isOne ? Optional.of(new ByteRange(first, last)) : Optional.empty();
  }

  private static Optional<Long> number(String digits) {
    return digits.isEmpty() ? Optional.empty() : Optional.of(Long.valueOf(digits));
  }

  /** The part of so many bytes that is asked for; empty if there is none of it. */
  Optional<Part> in(long bytes) {
    long begin = first.orElseGet(() -> Math.max(0, bytes - last.orElse(0L)));
    long end = first.isPresent() ? Math.min(last.orElse(bytes - 1), bytes - 1) : bytes - 1;
    return begin <= end ? Optional.of(new Part(begin, end)) : Optional.empty();
  }
}
