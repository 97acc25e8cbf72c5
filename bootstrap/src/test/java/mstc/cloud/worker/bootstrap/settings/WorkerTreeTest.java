package mstc.cloud.worker.bootstrap.settings;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.http.HttpSettings;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationKeys;
import mstc.cloud.worker.bootstrap.configuration.Key;
import mstc.cloud.worker.bootstrap.configuration.Section;
import mstc.cloud.worker.bootstrap.configuration.ValueTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class WorkerTreeTest {
  private static final List<Key<?>> ALL = new WorkerTree().keys();

  @Test
  void everyKeyThatIsDeclaredIsListedOnce() {
    // given
    WorkerTree tree = new WorkerTree();
    List<String> declared =
        fieldsOf(tree)
            .filter(Section.class::isInstance)
            .flatMap(WorkerTreeTest::fieldsOf)
            .filter(Key.class::isInstance)
            .map(key -> ((Key<?>) key).name())
            .toList();

    // then
    assertThat(declared).hasSizeGreaterThan(30).doesNotHaveDuplicates();
    assertThat(tree.keys()).extracting(Key::name).containsExactlyElementsOf(declared);
  }

  @Test
  void noTwoKeysShareAVariable() {
    assertThat(ALL).extracting(Key::variable).doesNotHaveDuplicates();
    assertThat(ALL.stream().flatMap(key -> key.firstVersionVariable().stream()))
        .doesNotHaveDuplicates()
        .hasSize(9);
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void namesAreKebabCaseAndEveryDefaultIsDocumentedAndAllowed(Key<?> key) {
    assertThat(key.name()).matches("mstc(\\.[a-z][a-z0-9]*(-[a-z]+)*){1,4}");
    assertThat(key.variable()).matches("MSTC(_[A-Z0-9]+)+");
    assertThat(key.documentedDefault()).isNotBlank();
    assertThat(key.meaning()).endsWith(".").hasSizeLessThan(100);
    assertThat(defaultIsAllowed(key)).isTrue();
  }

  @Test
  void aValueThatCouldNotBeConfiguredIsInNoRecord() {
    assertThatThrownBy(() -> new HttpSettings("localhost", -1, Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("port -1 must be 0 to 65535");
    assertThatThrownBy(() -> new CatalogueEntry("image", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aDefaultThatCouldNotBeConfiguredIsRefused() {
    assertThatThrownBy(Unlistenable::new)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("mstc.http.port must be a whole number from 0 to 65535, but is -1");
  }

  @Test
  void theDocumentationHasARowForEachKey() {
    // when
    String table = ConfigurationKeys.toMarkdown(new WorkerTree());

    // then
    assertThat(table.lines()).hasSize(ALL.size() + 2).allMatch(line -> line.startsWith("| "));
    assertThat(table)
        .contains(
            "| `mstc.work-queue.port` | `5672` | a whole number from 1 to 65535 | RabbitMQ's AMQP"
                + " port; with TLS usually 5671. First version's variable: `WORK_QUEUE_PORT`. |\n")
        .contains("| `mstc.work-queue.password` | `****` |");
  }

  private static final class Unlistenable extends Section {
    Unlistenable() {
      key("mstc.http.port", ValueTypes.LISTENING_PORT, -1).meaning("A port.");
    }
  }

  private static <T> boolean defaultIsAllowed(Key<T> key) {
    return key.defaultValue().map(key.type()::allows).orElse(true);
  }

  private static Stream<Object> fieldsOf(Object holder) {
    return Arrays.stream(holder.getClass().getDeclaredFields())
        .map(field -> valueOf(field, holder));
  }

  private static Object valueOf(Field field, Object holder) {
    try {
      field.setAccessible(true);
      return requireNonNull(field.get(holder));
    } catch (IllegalAccessException unreadable) {
      throw new AssertionError(unreadable);
    }
  }
}
