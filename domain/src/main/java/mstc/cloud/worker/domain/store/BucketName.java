package mstc.cloud.worker.domain.store;

import java.util.List;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.InvalidValueException;

/**
 * The name of a bucket, as S3 allows it for general purpose buckets.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html">General
 *     purpose bucket naming rules</a>
 */
public record BucketName(String value) {
  private static final String ALLOWED =
      "an S3 bucket name: 3 to 63 of a-z, 0-9, '.' and '-', beginning and ending with a letter or"
          + " digit, without '..', not an IP address, without a prefix or suffix that S3 reserves";
  private static final Pattern SYNTAX = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
  private static final Pattern IP_ADDRESS = Pattern.compile("\\d+\\.\\d+\\.\\d+\\.\\d+");
  private static final List<String> RESERVED_PREFIXES = List.of("xn--", "sthree-", "amzn-s3-demo-");
  private static final List<String> RESERVED_SUFFIXES =
      List.of("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3");

  public BucketName {
    if (!SYNTAX.matcher(value).matches()
        || value.contains("..")
        || IP_ADDRESS.matcher(value).matches()
        || RESERVED_PREFIXES.stream().anyMatch(value::startsWith)
        || RESERVED_SUFFIXES.stream().anyMatch(value::endsWith)) {
      throw new InvalidValueException(value, ALLOWED);
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
