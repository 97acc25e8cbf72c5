package mstc.cloud.worker.domain.request;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.InvalidValueException;

/**
 * What a job may use; the worker's configuration decides what is absent. Quantities are written as
 * in Kubernetes, whose notation is common for containers.
 *
 * @param cpu cores, such as {@code 2}, {@code 0.5} or {@code 500m}
 * @param memory bytes, such as {@code 512Mi} or {@code 2G}
 * @param gpu whole devices, 1 to 64
 * @see <a href="https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/">
 *     Quantity</a>
 */
public record Resources(Optional<String> cpu, Optional<String> memory, OptionalInt gpu) {
  /** Nothing asked for. */
  public static final Resources UNSPECIFIED =
      new Resources(Optional.empty(), Optional.empty(), OptionalInt.empty());

  private static final String CPU_ALLOWED =
      "cores of at most three decimals, such as \"2\", \"0.5\" or \"500m\", above 0";
  private static final String MEMORY_ALLOWED =
      "bytes with an optional unit k, M, G, T, Ki, Mi, Gi or Ti, such as \"512Mi\", above 0";
  static final String GPU_ALLOWED = "a whole number from 1 to 64";

  /** The least memory with which every container runtime can start a container. */
  public static final String LEAST_MEMORY = "4Mi";

  private static final BigDecimal LEAST_MEMORY_BYTES = amount(LEAST_MEMORY);

  private static final Pattern CPU = Pattern.compile("\\d{1,6}(\\.\\d{1,3})?|\\d{1,9}m");
  private static final Pattern MEMORY =
      Pattern.compile("\\d{1,15}|\\d{1,9}(\\.\\d{1,3})?([kMGT]|[KMGT]i)");

  public static final int MAX_GPU = 64;

  public Resources {
    cpu.ifPresent(Resources::requireCpu);
    memory.ifPresent(Resources::requireMemory);
    gpu.ifPresent(value -> {
      if (value < 1 || value > MAX_GPU) {
        throw new InvalidValueException(Integer.toString(value), GPU_ALLOWED);
      }
    });
  }

  /** The cores as a number, without trailing zeros: the same for {@code 0.5} and {@code 500m}. */
  public Optional<BigDecimal> cores() {
    return cpu.map(Resources::amount);
  }

  /**
   * The memory as a number, without trailing zeros: the same for {@code 1Gi} and {@code 1024Mi}.
   */
  public Optional<BigDecimal> memoryBytes() {
    return memory.map(Resources::amount);
  }

  /** Whether a container can start with that memory; true if none is given. */
  public boolean isEnoughMemoryToStart() {
    return memoryBytes().stream().allMatch(bytes -> bytes.compareTo(LEAST_MEMORY_BYTES) >= 0);
  }

  private static BigDecimal amount(String quantity) {
    int digits = quantity.length();
    while (!Character.isDigit(quantity.charAt(digits - 1))) {
      digits--;
    }
    BigDecimal unit =
        switch (quantity.substring(digits)) {
          case "m" -> new BigDecimal("0.001");
          case "k" -> BigDecimal.TEN.pow(3);
          case "M" -> BigDecimal.TEN.pow(6);
          case "G" -> BigDecimal.TEN.pow(9);
          case "T" -> BigDecimal.TEN.pow(12);
          case "Ki" -> BigDecimal.valueOf(1L << 10);
          case "Mi" -> BigDecimal.valueOf(1L << 20);
          case "Gi" -> BigDecimal.valueOf(1L << 30);
          case "Ti" -> BigDecimal.valueOf(1L << 40);
          default -> BigDecimal.ONE;
        };
    return new BigDecimal(quantity.substring(0, digits)).multiply(unit).stripTrailingZeros();
  }

  static String requireCpu(String value) {
    return requireQuantity(value, CPU, CPU_ALLOWED);
  }

  static String requireMemory(String value) {
    return requireQuantity(value, MEMORY, MEMORY_ALLOWED);
  }

  private static String requireQuantity(String value, Pattern syntax, String allowed) {
    boolean isZero = value.chars().noneMatch(digit -> digit >= '1' && digit <= '9');
    if (isZero || !syntax.matcher(value).matches()) {
      throw new InvalidValueException(value, allowed);
    }
    return value;
  }
}
