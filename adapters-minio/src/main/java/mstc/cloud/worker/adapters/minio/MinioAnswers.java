package mstc.cloud.worker.adapters.minio;

import io.minio.errors.ErrorResponseException;
import io.minio.errors.ServerException;
import io.minio.messages.ErrorResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import mstc.cloud.worker.s3protocol.Refusal;
import mstc.cloud.worker.s3protocol.RefusedException;
import okhttp3.Response;

/** Tells from minio-java's exceptions whether the server refused. */
final class MinioAnswers {
  private MinioAnswers() {}

  /**
   * Makes a call, which fails like the methods of {@link mstc.cloud.worker.s3protocol.S3Requests}.
   */
  static <T> T answerTo(Supplier<CompletableFuture<T>> call) {
    try {
      return call.get().join();
    } catch (CompletionException e) {
      throw switch (e.getCause()) {
        case ErrorResponseException error -> new RefusedException(refusalOf(error), error);
        case ServerException error -> new RefusedException(refusalOf(error), error);
        case null, default -> e;
      };
    }
  }

  private static Refusal refusalOf(ErrorResponseException failure) {
    Response response = failure.response();
    ErrorResponse error = failure.errorResponse();
    return new Refusal(
        response.code(),
        Optional.ofNullable(error.code()).orElse(""),
        Optional.ofNullable(error.message()).orElse(""),
        Optional.ofNullable(response.header("Date")),
        Optional.ofNullable(response.header("x-amz-bucket-region")));
  }

  /** The refusal in a response that has only a status. */
  private static Refusal refusalOf(ServerException failure) {
    return new Refusal(
        failure.statusCode(), "", "the server failed", Optional.empty(), Optional.empty());
  }
}
