package mstc.cloud.worker.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What each module may know, as lists of what is allowed: a library that nobody thought of is not.
 * Every rule is shown to fail on a fixture that breaks it.
 */
final class ArchitectureRules {
  private static final String ROOT = "mstc.cloud.worker.";
  private static final String WORKER = "mstc.cloud.worker..";
  private static final String DOMAIN = ROOT + "domain..";
  private static final String APPLICATION = ROOT + "application..";
  private static final String WIRE = ROOT + "wire..";
  private static final String JDK = "java..";
  private static final String NULLNESS = "org.jspecify.annotations..";
  private static final String LOGGING = "org.slf4j..";
  private static final String JSON = "tools.jackson..";
  private static final String[] SPRING = {"org.springframework.."};

  private ArchitectureRules() {}

  /** The rules by their names, which are those of the packages of their fixtures. */
  static Map<String, ArchRule> all() {
    Map<String, ArchRule> rules = new LinkedHashMap<>();
    rules.put("domain", knowsOnly("domain", DOMAIN, JDK, NULLNESS));
    rules.put("application", knowsOnly("application", APPLICATION, DOMAIN, JDK, NULLNESS, LOGGING));
    rules.put("wire", knowsOnly("wire", WIRE, DOMAIN, JDK, NULLNESS, JSON));
    rules.put("rabbitmq", adapter("rabbitmq", WIRE, "com.rabbitmq..", "javax.net.."));
    rules.put("local", adapter("local", WIRE, JSON));
    rules.put("k8s", adapter("k8s", WIRE, JSON, "io.fabric8.kubernetes.."));
    rules.put(
        "minio",
        adapter(
            "minio",
            "io.minio..",
            "okhttp3..",
            "okio..",
            "kotlin..",
            "javax.net..",
            "javax.xml.stream.."));
    rules.put("s3", adapter("s3", "software.amazon.awssdk..", "javax.net.."));
    rules.put(
        "http",
        adapter("http", APPLICATION, WIRE, "com.sun.net.httpserver..", "io.prometheus.metrics.."));
    rules.put(
        "embedded",
        knowsNothingOfTheWorker(
            "embedded", "the worker reaches the embedded servers as it would any others"));
    rules.put(
        "faults",
        knowsNothingOfTheWorker(
            "faults", "fault tests see of the worker what its clients and its cluster see"));
    rules.put("spring", onlyTheAssemblyKnowsSpring());
    rules.put("cycles", packagesAreFreeOfCycles());
    rules.put("hiding", adaptersHideAllButTheirEntryAndSettings());
    rules.put("streams", onlyTheCommandLineWritesToStandardStreams());
    return rules;
  }

  private static ArchRule knowsOnly(String module, String... packages) {
    return classes()
        .that(resideInAPackage(ROOT + module + ".."))
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(packages))
        .because(module + " knows nothing else");
  }

  private static ArchRule adapter(String technology, String... packages) {
    String[] allowed =
        Stream.concat(
                Stream.of(ROOT + "adapters." + technology + "..", DOMAIN, JDK, NULLNESS, LOGGING),
                Arrays.stream(packages))
            .toArray(String[]::new);
    return knowsOnly("adapters." + technology, allowed);
  }

  private static ArchRule knowsNothingOfTheWorker(String module, String reason) {
    return noClasses()
        .that(resideInAPackage(ROOT + module + ".."))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(WORKER).and(not(resideInAPackage(ROOT + module + ".."))))
        .because(reason);
  }

  private static ArchRule onlyTheAssemblyKnowsSpring() {
    return noClasses()
        .that(resideInAPackage(WORKER))
        .and(not(resideInAnyPackage(ROOT + "bootstrap.assembly..")))
        .should()
        .dependOnClassesThat(resideInAnyPackage(SPRING))
        .because("Spring puts the parts together and is not seen by them");
  }

  private static ArchRule packagesAreFreeOfCycles() {
    return slices().matching(ROOT + "(**)").should().beFreeOfCycles();
  }

  private static ArchRule adaptersHideAllButTheirEntryAndSettings() {
    return classes()
        .that(resideInAnyPackage(ROOT + "adapters.."))
        .and()
        .arePublic()
        .and()
        .areTopLevelClasses()
        .should()
        .haveSimpleNameEndingWith("Settings")
        .orShould()
        .haveSimpleNameEndingWith("Client")
        .orShould()
        .beAssignableTo(AutoCloseable.class)
        .because("an adapter is seen by its entry and its settings only");
  }

  private static ArchRule onlyTheCommandLineWritesToStandardStreams() {
    return noClasses()
        .that(
            resideInAnyPackage(
                ROOT + "domain..", ROOT + "application..", ROOT + "adapters..", ROOT + "wire.."))
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .because("what happens is logged; standard streams belong to the command line");
  }
}
