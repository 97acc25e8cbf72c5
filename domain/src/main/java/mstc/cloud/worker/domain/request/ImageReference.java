package mstc.cloud.worker.domain.request;

import java.util.regex.Pattern;
import mstc.cloud.worker.domain.InvalidValueException;

/**
 * A container image: {@code [host[:port]/]path[:tag][@digest]}.
 *
 * @see <a href="https://pkg.go.dev/github.com/distribution/reference">The grammar of image
 *     references</a>
 */
public record ImageReference(String value) {
  private static final String ALLOWED =
      "an image reference [host[:port]/]path[:tag][@algorithm:digest] with a path in lower case,"
          + " such as \"alpine:3\" or \"registry.example:5000/team/solver@sha256:…\"";
  private static final int MAX_NAME_LENGTH = 255;
  private static final int MAX_LENGTH = 600;

  private static final String DOMAIN_LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
  private static final Pattern HOST =
      Pattern.compile(
          "(?:%1$s(?:\\.%1$s)*|\\[[a-fA-F0-9:]+])(?::[0-9]{1,5})?".formatted(DOMAIN_LABEL));
  private static final String COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
  private static final Pattern PATH = Pattern.compile("%1$s(?:/%1$s)*".formatted(COMPONENT));
  private static final Pattern TAG = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}");
  private static final Pattern DIGEST =
      Pattern.compile(
          "sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}"
              + "|(?!sha256:|sha512:)[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*"
              + ":[a-fA-F0-9]{32,128}");

  public ImageReference {
    if (value.length() > MAX_LENGTH || !isReference(value)) {
      throw new InvalidValueException(value, ALLOWED);
    }
  }

  private static boolean isReference(String value) {
    String name = value;
    int at = name.indexOf('@');
    if (at >= 0) {
      if (!DIGEST.matcher(name.substring(at + 1)).matches()) {
        return false;
      }
      name = name.substring(0, at);
    }
    int colon = name.lastIndexOf(':');
    if (colon > name.lastIndexOf('/')) {
      if (!TAG.matcher(name.substring(colon + 1)).matches()) {
        return false;
      }
      name = name.substring(0, colon);
    }
    if (name.length() > MAX_NAME_LENGTH) {
      return false;
    }
    int slash = name.indexOf('/');
    if (slash > 0 && isHost(name.substring(0, slash))) {
      return HOST.matcher(name.substring(0, slash)).matches()
          && PATH.matcher(name.substring(slash + 1)).matches();
    }
    return PATH.matcher(name).matches();
  }

  /** Distinguishes a registry's host from the first component of a path on the default registry. */
  private static boolean isHost(String first) {
    return first.equals("localhost")
        || first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || first.chars().anyMatch(Character::isUpperCase);
  }

  @Override
  public String toString() {
    return value;
  }
}
