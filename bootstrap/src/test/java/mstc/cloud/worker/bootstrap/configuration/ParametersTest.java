package mstc.cloud.worker.bootstrap.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class ParametersTest {
  private static final List<Parameter<?>> ALL = Parameters.ALL;

  @Test
  void every_key_that_is_declared_is_listed_once() {
    // given
    List<String> declared =
        Arrays.stream(Parameters.class.getDeclaredFields())
            .filter(field -> field.getType() == Parameter.class)
            .map(ParametersTest::nameIn)
            .toList();

    // then
    assertThat(declared).hasSizeGreaterThan(30).doesNotHaveDuplicates();
    assertThat(ALL).extracting(Parameter::name).containsExactlyElementsOf(declared);
  }

  @Test
  void no_two_keys_share_a_variable() {
    assertThat(ALL).extracting(Parameter::variable).doesNotHaveDuplicates();
    assertThat(ALL.stream().flatMap(parameter -> parameter.firstVersionVariable().stream()))
        .doesNotHaveDuplicates()
        .hasSize(9);
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void names_are_kebab_case_and_every_default_is_documented_and_allowed(Parameter<?> parameter) {
    assertThat(parameter.name()).matches("mstc(\\.[a-z][a-z0-9]*(-[a-z]+)*){1,4}");
    assertThat(parameter.variable()).matches("MSTC(_[A-Z0-9]+)+");
    assertThat(parameter.documentedDefault()).isNotBlank();
    assertThat(parameter.description()).endsWith(".").hasSizeLessThan(100);
    assertThat(defaultIsAllowed(parameter)).isTrue();
  }

  @Test
  void a_value_that_could_not_be_configured_is_in_no_record() {
    assertThatThrownBy(
            () -> new WorkerConfiguration.HttpSettings(true, "localhost", -1, Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("mstc.http.port must be a whole number from 0 to 65535, but is -1");
    assertThatThrownBy(() -> new WorkerConfiguration.CatalogueEntry("image", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void the_documentation_has_a_row_for_each_key() {
    // when
    String table = ConfigurationKeys.toMarkdown();

    // then
    assertThat(table.lines()).hasSize(ALL.size() + 2).allMatch(line -> line.startsWith("| "));
    assertThat(table)
        .contains(
            "| `mstc.work-queue.port` | `5672` | a whole number from 1 to 65535 | RabbitMQ's AMQP"
                + " port; with TLS usually 5671. First version's variable: `WORK_QUEUE_PORT`. |\n")
        .contains("| `mstc.work-queue.password` | `****` |");
  }

  private static <T> boolean defaultIsAllowed(Parameter<T> parameter) {
    return parameter.defaultValue().map(parameter.type()::allows).orElse(true);
  }

  private static String nameIn(Field field) {
    try {
      return ((Parameter<?>) field.get(null)).name();
    } catch (IllegalAccessException unreadable) {
      throw new AssertionError(unreadable);
    }
  }
}
