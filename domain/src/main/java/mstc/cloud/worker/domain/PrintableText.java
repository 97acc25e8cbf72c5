package mstc.cloud.worker.domain;

/**
 * Foreign text made safe for one line of a log, a reply or a header: control characters, line
 * separators and unpaired surrogates are written as {@code \}{@code uXXXX}, and text beyond a
 * length is cut.
 */
public final class PrintableText {
  private static final int QUOTED_LENGTH = 80;
  private static final String ELLIPSIS = "…";

  private PrintableText() {}

  /** The text in double quotes, at most 80 characters of it. */
  public static String quote(String text) {
    return '"' + oneLine(text, QUOTED_LENGTH) + '"';
  }

  /**
   * The text on one line.
   *
   * @param maxLength in characters of the result, at least 1; a cut text ends with an ellipsis
   */
  public static String oneLine(String text, int maxLength) {
    StringBuilder line = new StringBuilder(Math.min(text.length(), maxLength));
    int index = 0;
    while (index < text.length()) {
      int codePoint = text.codePointAt(index);
      String shown =
          isPrintable(codePoint) ? Character.toString(codePoint) : "\\u%04x".formatted(codePoint);
      index += Character.charCount(codePoint);
      int room = maxLength - line.length() - (index < text.length() ? ELLIPSIS.length() : 0);
      if (shown.length() > room) {
        return line.append(ELLIPSIS).toString();
      }
      line.append(shown);
    }
    return line.toString();
  }

  private static boolean isPrintable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
