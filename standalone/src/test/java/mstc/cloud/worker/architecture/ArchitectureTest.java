package mstc.cloud.worker.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The modules know of each other what the design allows, and the rules that say so bite. */
class ArchitectureTest {
  private static final String ROOT = "mstc.cloud.worker";

  /** Every module, so that a rule cannot pass because its packages were not looked at. */
  private static final Set<String> MODULES =
      Set.of(
          "domain",
          "testkit",
          "application",
          "wire",
          "s3protocol",
          "adapters.rabbitmq",
          "adapters.local",
          "adapters.k8s",
          "adapters.minio",
          "adapters.s3",
          "adapters.http",
          "embedded",
          "bootstrap",
          "standalone",
          "faults");

  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("/test-classes/"))
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages(ROOT);

  private static final JavaClasses FIXTURES =
      new ClassFileImporter()
          .withImportOption(location -> location.contains("/test-classes/"))
          .importPackages(ROOT);

  static Set<Map.Entry<String, ArchRule>> rules() {
    return ArchitectureRules.all().entrySet();
  }

  @Test
  void everyModuleIsLookedAt() {
    Set<String> found =
        PRODUCTION.stream()
            .map(type -> type.getPackageName().substring(ROOT.length() + 1))
            .map(ArchitectureTest::module)
            .collect(Collectors.toSet());
    assertThat(found).isEqualTo(MODULES);
  }

  /** A module is a package, but each of the adapters has one of its own. */
  private static String module(String name) {
    int end = name.indexOf('.', name.startsWith("adapters.") ? "adapters.".length() : 0);
    return end < 0 ? name : name.substring(0, end);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void theModulesKeepTheRule(Map.Entry<String, ArchRule> rule) {
    rule.getValue().check(PRODUCTION);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void theRuleFailsOnAFixtureThatBreaksIt(Map.Entry<String, ArchRule> rule) {
    // given
    JavaClasses fixture =
        FIXTURES.that(
            DescribedPredicate.describe(
                "of the fixture " + rule.getKey(),
                type -> type.getPackageName().contains(".fixture." + rule.getKey())));
    assertThat(fixture).as("classes of the fixture %s", rule.getKey()).isNotEmpty();

    // when
    EvaluationResult result = rule.getValue().evaluate(fixture);

    // then
    assertThat(result.hasViolation()).isTrue();
  }
}
