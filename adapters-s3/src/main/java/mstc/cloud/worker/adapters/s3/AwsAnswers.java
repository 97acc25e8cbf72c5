package mstc.cloud.worker.adapters.s3;

import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.util.Optional;
import java.util.function.Supplier;
import mstc.cloud.worker.s3protocol.Refusal;
import mstc.cloud.worker.s3protocol.RefusedException;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Tells from the SDK's exceptions whether the server refused, was too slow, or was interrupted. */
final class AwsAnswers {
  private AwsAnswers() {}

  /**
   * Makes a call, which fails like the methods of {@link mstc.cloud.worker.s3protocol.S3Requests}.
   */
  static <T> T answerTo(Supplier<T> call) {
    try {
      return call.get();
    } catch (AwsServiceException e) {
      throw new RefusedException(refusalOf(e), e);
    } catch (ApiCallAttemptTimeoutException | ApiCallTimeoutException e) {
      throw new UncheckedIOException(timeout(e));
    } catch (RuntimeException e) {
      if (e instanceof AbortedException || e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw e;
    }
  }

  private static SocketTimeoutException timeout(SdkClientException failure) {
    var timeout = new SocketTimeoutException(failure.getMessage());
    timeout.initCause(failure);
    return timeout;
  }

  private static Refusal refusalOf(AwsServiceException failure) {
    Optional<AwsErrorDetails> details = Optional.ofNullable(failure.awsErrorDetails());
    Optional<SdkHttpResponse> response = details.map(AwsErrorDetails::sdkHttpResponse);
    return new Refusal(
        failure.statusCode(),
        details.map(told -> code(failure, told)).orElse(""),
        details.map(AwsErrorDetails::errorMessage).orElse(""),
        response.flatMap(answer -> answer.firstMatchingHeader("Date")),
        response.flatMap(answer -> answer.firstMatchingHeader("x-amz-bucket-region")));
  }

  /** The code of an error; one of another service, such as STS, is not to be taken for S3's. */
  static String code(AwsServiceException failure, AwsErrorDetails details) {
    return failure instanceof S3Exception
        ? details.errorCode()
        : details.serviceName() + " " + details.errorCode();
  }
}
