package mstc.cloud.worker.adapters.http;

import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.util.Fields;

/** The values that a request's query gives. */
record Query(Fields fields) {

  /** All values of that name. */
  List<String> all(String name, int maxLength) {
    List<String> values = fields.getValuesOrEmpty(name);
    for (String value : values) {
      if (value.length() > maxLength) {
        throw new BadRequestException(name, value, "at most " + maxLength + " characters");
      }
    }
    return values;
  }

  /** The only value of that name, if it is given. */
  Optional<String> one(String name, int maxLength) {
    List<String> values = all(name, maxLength);
    if (values.size() > 1) {
      throw new BadRequestException(name + " must be given once");
    }
    return values.stream().findFirst();
  }

  /** A whole number. */
  int number(String name, int least, int most, int otherwise) {
    Optional<String> value = one(name, Integer.toString(most).length());
    try {
      int number = value.map(Integer::parseInt).orElse(otherwise);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw notANumber(name, value.orElse(""), least, most);
    }
    throw notANumber(name, value.orElse(""), least, most);
  }

  private static BadRequestException notANumber(String name, String value, int least, int most) {
    return new BadRequestException(
        name, value, "a whole number from %d to %d".formatted(least, most));
  }

  /** Whether it is true. */
  boolean isTrue(String name) {
    String value = one(name, 16).orElse("false");
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new BadRequestException(name, value, "true or false");
    };
  }
}
