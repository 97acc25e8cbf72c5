package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.io.InputStream;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.net.ssl.SSLException;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.diagnosis.Finding;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;

/** Examines a store, from its address to each request that the worker makes in a bucket. */
final class StoreDiagnosis implements Diagnosis {
  /** Created if no bucket is named, and the store creates buckets. */
  private static final BucketName OWN_BUCKET = new BucketName("mstc-doctor");

  /** Stores accept 15 minutes; a clock that is this far off is kept by nobody. */
  private static final Duration TOLERATED_SKEW = Duration.ofMinutes(5);

  private static final String TEXT = "written by mstc doctor\n";
  private static final String RIGHTS =
      "; docs/security.md lists the rights that the worker needs at the store";
  private static final Finding UNREACHED = new Finding.Skipped("the store does not respond");

  private final S3Requests requests;
  private final StoreFailures failures;
  private final StoreKeys keys;
  private final boolean createBuckets;
  private final Optional<BucketName> bucket;
  private final ObjectLocation probe;
  private volatile boolean reached;
  private volatile boolean accepted;
  private volatile boolean usable;
  private volatile boolean written;
  private volatile boolean conditional = true;

  /**
   * @param requests closed with it
   * @param named the bucket to try; if empty, one of its own is created, if buckets are
   */
  StoreDiagnosis(
      S3Requests requests,
      StoreFailures failures,
      StoreKeys keys,
      boolean createBuckets,
      Optional<BucketName> named) {
    this.requests = requests;
    this.failures = failures;
    this.keys = keys;
    this.createBuckets = createBuckets;
    bucket = named.or(() -> createBuckets ? Optional.of(OWN_BUCKET) : Optional.empty());
    probe =
        new ObjectLocation(
            bucket.orElse(OWN_BUCKET),
            ObjectLocation.RESERVED_PREFIX + "doctor-" + UUID.randomUUID());
  }

  @Override
  public List<Check> checks() {
    String place = failures.place();
    return List.of(
        new Check("store address", "reach " + place, this::reach),
        new Check("store clock", "compare the clocks of store and machine", this::compareClocks),
        new Check("store credentials", "use the store as the configured user", this::logIn),
        new Check("store bucket", "find the bucket " + probe.bucket(), this::findBucket),
        new Check("store write", "store " + probe, this::write),
        new Check("store condition", "store it again if it is absent", this::writeAgain),
        new Check("store read", "read it back", this::read),
        new Check("store delete", "remove it", this::delete));
  }

  private Finding reach() {
    try {
      requests.listBuckets();
    } catch (RefusedException e) {
      // Who refuses is there.
    } catch (RuntimeException e) {
      Optional<IOException> broken = StoreFailures.firstOf(IOException.class, e);
      return broken.isPresent()
          ? failed("reach the store", e, addressRemedy(broken.get()))
          : unclear(e);
    }
    reached = true;
    return new Finding.Passed();
  }

  /** The client could not ask, or not make sense of the answer: the next requests tell which. */
  private Finding unclear(RuntimeException e) {
    reached = true;
    return new Finding.Skipped(problem("reach the store", e));
  }

  private String addressRemedy(IOException broken) {
    if (StoreFailures.firstOf(UnknownHostException.class, broken).isPresent()) {
      return "set %s to a name that this machine can resolve".formatted(keys.address());
    }
    if (StoreFailures.firstOf(SSLException.class, broken).isPresent()) {
      return ("set %s to a file of the authority that signed the store's certificate, and use a host"
              + " that it names; if the store speaks no TLS there, reach it by http")
          .formatted(keys.authorities());
    }
    return "start the store there, let firewalls pass it, or set %s".formatted(keys.address());
  }

  private Finding compareClocks() {
    if (!reached) {
      return UNREACHED;
    }
    Instant before = Instant.now();
    try {
      requests.headObject(probe);
    } catch (RefusedException e) {
      Instant now = before.plus(Duration.between(before, Instant.now()).dividedBy(2));
      return e.refusal()
          .clockAhead(now)
          .map(StoreDiagnosis::judgeClock)
          .orElseGet(() -> new Finding.Skipped("the store's responses have no date"));
    } catch (RuntimeException e) {
      return new Finding.Skipped(problem("ask for " + probe, e));
    }
    return new Finding.Skipped("the store's response has no date");
  }

  private static Finding judgeClock(Duration ahead) {
    String seen =
        "this machine's clock is %d s %s the store's"
            .formatted(ahead.abs().toSeconds(), ahead.isNegative() ? "behind" : "ahead of");
    return ahead.abs().compareTo(TOLERATED_SKEW) <= 0
        ? new Finding.Passed(seen)
        : new Finding.Failed(
            seen,
            "set the clock that is wrong, and keep both by NTP; stores refuse requests that are 15"
                + " minutes off");
  }

  private Finding logIn() {
    if (!reached) {
      return UNREACHED;
    }
    try {
      requests.listBuckets();
    } catch (RefusedException e) {
      if (!e.code().equals("AccessDenied")) {
        return failed("use the object store", e, credentialsRemedy(e));
      }
    } catch (RuntimeException e) {
      return failed(
          "use the object store",
          e,
          "set %s; if no S3 server listens there, set %s"
              .formatted(keys.credentials(), keys.address()));
    }
    accepted = true;
    return new Finding.Passed();
  }

  private String credentialsRemedy(RefusedException refused) {
    if (refused.refusal().wrongClock(Instant.now()).isPresent()) {
      return "set this machine's clock, and keep it by NTP";
    }
    return switch (refused.status()) {
      case 401, 403 -> "set " + keys.credentials();
      case 301, 400 -> "set what the message names, or " + keys.credentials();
      default -> "look at the store's own log; if it is no S3 server, set " + keys.address();
    };
  }

  private Finding findBucket() {
    if (!accepted) {
      return reached ? new Finding.Skipped("the store does not accept the user") : UNREACHED;
    }
    if (bucket.isEmpty()) {
      return new Finding.Skipped(
          "no bucket to try, as mstc.object-store.create-buckets is false; name one with --bucket");
    }
    try {
      boolean there = requests.hasBucket(probe.bucket());
      if (!there && !createBuckets) {
        return new Finding.Failed(
            "there is no bucket %s, and mstc.object-store.create-buckets is false"
                .formatted(probe.bucket()),
            "create it, or name another one with --bucket");
      }
      if (!there) {
        create();
      }
      usable = true;
      return new Finding.Passed(there ? "" : "it was created, and stays");
    } catch (RuntimeException e) {
      return failed(
          "find or create bucket " + probe.bucket(),
          e,
          "allow the user s3:ListBucket, and s3:CreateBucket where buckets are created" + RIGHTS);
    }
  }

  private void create() {
    try {
      requests.createBucket(probe.bucket());
    } catch (RefusedException e) {
      // Someone else has just created it.
      if (e.status() != 409) {
        throw e;
      }
    }
  }

  private Finding write() {
    if (!usable) {
      return new Finding.Skipped("there is no bucket to write to");
    }
    try {
      try {
        put(true);
      } catch (RefusedException e) {
        if (e.status() != 501) {
          throw e;
        }
        conditional = false;
        put(false);
      }
      written = true;
      return new Finding.Passed();
    } catch (IOException | RuntimeException e) {
      return failed(
          "store " + probe,
          e,
          "allow the user s3:PutObject in the bucket %s, or name another one with --bucket"
                  .formatted(probe.bucket())
              + RIGHTS);
    }
  }

  private Finding writeAgain() {
    if (!written) {
      return new Finding.Skipped("nothing could be written");
    }
    String remedy =
        "use a store, or a gateway, that honours If-None-Match; docs/adr/0008-servers-as-they-are.md"
            + " says what depends on it";
    if (!conditional) {
      return new Finding.Failed(
          "the object store at %s knows no conditional writes".formatted(failures.place()), remedy);
    }
    try {
      put(true);
      return new Finding.Failed(ConditionalWriteProbe.shortcomingOf(failures.place()), remedy);
    } catch (RefusedException e) {
      return e.status() == 412 || e.status() == 409
          ? new Finding.Passed("refused, as it should be")
          : failed("store " + probe + " again", e, remedy);
    } catch (IOException | RuntimeException e) {
      return failed("store " + probe + " again", e, "look at the store's own log");
    }
  }

  private void put(boolean ifAbsent) throws IOException {
    Path file = Files.createTempFile("mstc-doctor", null);
    try {
      Files.writeString(file, TEXT);
      try (FileContent content = FileContent.open(probe, file)) {
        requests.putObject(probe, content, ObjectAttributes.ofType("text/plain"), ifAbsent);
      }
    } finally {
      Files.delete(file);
    }
  }

  private Finding read() {
    if (!written) {
      return new Finding.Skipped("nothing could be written");
    }
    try (InputStream content = requests.getObject(probe)) {
      String text = new String(content.readAllBytes(), StandardCharsets.UTF_8);
      return text.equals(TEXT)
          ? new Finding.Passed()
          : new Finding.Failed(
              "the store gave back something else than it was given",
              "look for a gateway that changes what it passes on");
    } catch (IOException | RuntimeException e) {
      return failed(
          "read " + probe,
          e,
          "allow the user s3:GetObject in the bucket %s".formatted(probe.bucket()) + RIGHTS);
    }
  }

  private Finding delete() {
    if (!written) {
      return new Finding.Skipped("nothing could be written");
    }
    try {
      requests.deleteObject(probe);
      return new Finding.Passed();
    } catch (RuntimeException e) {
      return failed(
          "remove " + probe,
          e,
          "remove that object by hand, and allow the user s3:DeleteObject in the bucket %s"
                  .formatted(probe.bucket())
              + RIGHTS);
    }
  }

  private Finding failed(String action, Exception failure, String remedy) {
    return new Finding.Failed(problem(action, failure), remedy);
  }

  private String problem(String action, Exception failure) {
    return String.valueOf(failures.translate(action, failure).getMessage());
  }

  @Override
  public void close() {
    requests.close();
  }
}
