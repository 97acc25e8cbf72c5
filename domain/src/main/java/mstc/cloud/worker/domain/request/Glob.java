package mstc.cloud.worker.domain.request;

/**
 * A pattern over a whole text: {@code *} stands for any characters, or none, {@code ?} for any one,
 * and everything else for itself. Matching takes at most as many steps as the product of both
 * lengths, whatever the pattern and the text.
 */
public record Glob(String pattern) {

  public static final Glob ANY = new Glob("*");

  /** Whether it matches all of the text. */
  public boolean matches(String text) {
    int[] wanted = pattern.codePoints().toArray();
    int[] given = text.codePoints().toArray();
    int at = 0;
    int star = -1;
    int afterStar = 0;
    for (int next = 0; next < given.length; ) {
      if (at < wanted.length && wanted[at] == '*') {
        star = at++;
        afterStar = next;
      } else if (at < wanted.length && (wanted[at] == '?' || wanted[at] == given[next])) {
        at++;
        next++;
      } else if (star >= 0) {
        // The last star takes one more character. An earlier one need not: any match after it is as
        // good.
        at = star + 1;
        next = ++afterStar;
      } else {
        return false;
      }
    }
    while (at < wanted.length && wanted[at] == '*') {
      at++;
    }
    return at == wanted.length;
  }

  @Override
  public String toString() {
    return pattern;
  }
}
