package mstc.cloud.worker.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
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
  private static final String S3_PROTOCOL = ROOT + "s3protocol..";
  private static final String JDK = "java..";
  private static final String NULLNESS = "org.jspecify.annotations..";
  private static final String LOGGING = "org.slf4j..";
  private static final String JSON = "tools.jackson..";
  private static final List<String> ADAPTERS =
      List.of("rabbitmq", "local", "k8s", "minio", "s3", "http");
  private static final String[] SPRING = {"org.springframework.."};

  private ArchitectureRules() {}

  /** The rules by their names, which are those of the packages of their fixtures. */
  static Map<String, ArchRule> all() {
    Map<String, ArchRule> rules = new LinkedHashMap<>();
    rules.put("domain", knowsOnly("domain", DOMAIN, JDK, NULLNESS));
    rules.put("application", knowsOnly("application", APPLICATION, DOMAIN, JDK, NULLNESS, LOGGING));
    rules.put(
        "testkit",
        knowsOnly(
            "testkit",
            ROOT + "testkit..",
            DOMAIN,
            JDK,
            "javax.net..",
            "com.sun.net.httpserver..",
            NULLNESS,
            "org.junit.jupiter..",
            "org.assertj..",
            "org.awaitility..",
            "org.testcontainers.."));
    rules.put("fakes", onlyTestsKnowTheTestkit());
    rules.put("wire", knowsOnly("wire", WIRE, DOMAIN, JDK, NULLNESS, JSON));
    rules.put(
        "s3protocol",
        knowsOnly("s3protocol", S3_PROTOCOL, DOMAIN, JDK, NULLNESS, LOGGING, "javax.net.."));
    rules.put("rabbitmq", adapter("rabbitmq", WIRE, "com.rabbitmq..", "javax.net.."));
    rules.put("local", adapter("local", WIRE, JSON));
    rules.put(
        "k8s",
        adapter(
            "k8s",
            WIRE,
            JSON,
            "io.fabric8.kubernetes..",
            "javax.net..",
            "com.google.errorprone.annotations.concurrent.."));
    rules.put(
        "minio",
        adapter(
            "minio",
            S3_PROTOCOL,
            "io.minio..",
            "okhttp3..",
            "okio..",
            "kotlin..",
            "javax.net..",
            "javax.xml.stream.."));
    rules.put("s3", adapter("s3", S3_PROTOCOL, "software.amazon.awssdk..", "javax.net.."));
    rules.put(
        "http",
        adapter("http", APPLICATION, WIRE, "org.eclipse.jetty..", "io.prometheus.metrics.."));
    rules.put(
        "configuration",
        knowsOnly(
            "bootstrap.configuration",
            ROOT + "bootstrap.configuration..",
            DOMAIN,
            JDK,
            NULLNESS,
            "org.snakeyaml.."));
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
    rules.put("files", filesAreFreeOfCycles());
    rules.put("hiding", adaptersHideAllButTheirEntryAndSettings());
    rules.put("inner", onlyTheRootPackagesOfAdaptersAreKnown());
    rules.put("k8s.cluster", innerPart("k8s", "cluster"));
    rules.put("k8s.job", innerPart("k8s", "job", "cluster"));
    rules.put("k8s.log", innerPart("k8s", "log", "cluster"));
    rules.put("k8s.follow", innerPart("k8s", "follow", "cluster", "job", "log"));
    rules.put("k8s.view", innerPart("k8s", "view", "cluster", "job", "log"));
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

  private static ArchRule onlyTestsKnowTheTestkit() {
    return noClasses()
        .that(resideInAPackage(WORKER).and(not(resideInAPackage(ROOT + "testkit.."))))
        .should()
        .dependOnClassesThat(resideInAPackage(ROOT + "testkit.."))
        .because("fakes and contract suites are for tests");
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

  /** A class and those within it count as one. */
  private static ArchRule filesAreFreeOfCycles() {
    SliceAssignment files =
        new SliceAssignment() {
          @Override
          public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
            return javaClass.getName().startsWith(ROOT)
                ? SliceIdentifier.of(javaClass.getName().replaceFirst("\\$.*", ""))
                : SliceIdentifier.ignore();
          }

          @Override
          public String getDescription() {
            return "classes of one file";
          }
        };
    return slices().assignedFrom(files).should().beFreeOfCycles();
  }

  private static ArchRule adaptersHideAllButTheirEntryAndSettings() {
    return classes()
        .that(resideInTheRootPackageOfAnAdapter())
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
        .orShould()
        .beAssignableTo("mstc.cloud.worker.application.metrics.WorkerMetrics")
        .because("an adapter is seen by its ports' implementations and its settings only");
  }

  /** A fixture stands for what is beside it. */
  private static DescribedPredicate<JavaClass> resideInTheRootPackageOfAnAdapter() {
    return resideInAPackage(ROOT + "adapters.*")
        .or(resideInAPackage(ROOT + "adapters.*.fixture.."));
  }

  private static ArchRule onlyTheRootPackagesOfAdaptersAreKnown() {
    return CompositeArchRule.of(
            ADAPTERS.stream().map(ArchitectureRules::onlyTheRootPackageIsKnownOf).toList())
        .because("an adapter with inner packages shows only the types of its root package");
  }

  private static ArchRule onlyTheRootPackageIsKnownOf(String technology) {
    return noClasses()
        .that(
            resideInAPackage(WORKER)
                .and(not(resideInAPackage(ROOT + "adapters." + technology + ".."))))
        .should()
        .dependOnClassesThat(resideInAPackage(ROOT + "adapters." + technology + ".*.."));
  }

  /** What an inner package of an adapter may know of the adapter: itself, and some others. */
  private static ArchRule innerPart(String technology, String name, String... others) {
    String adapter = ROOT + "adapters." + technology;
    String[] allowed =
        Stream.concat(Stream.of(name), Arrays.stream(others))
            .map(part -> adapter + "." + part + "..")
            .toArray(String[]::new);
    return classes()
        .that(resideInAPackage(adapter + "." + name + ".."))
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(allowed).or(not(resideInAPackage(adapter + ".."))))
        .because(name + " knows nothing else of the adapter " + technology);
  }

  private static ArchRule onlyTheCommandLineWritesToStandardStreams() {
    return noClasses()
        .that(
            resideInAnyPackage(
                ROOT + "domain..",
                ROOT + "application..",
                S3_PROTOCOL,
                ROOT + "adapters..",
                ROOT + "wire.."))
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .because("what happens is logged; standard streams belong to the command line");
  }
}
