package mstc.cloud.worker.adapters.minio;

import static mstc.cloud.worker.adapters.minio.MinioAnswers.answerTo;

import io.minio.Http;
import io.minio.ListMultipartUploadsArgs;
import io.minio.MinioAsyncClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import mstc.cloud.worker.domain.store.ObjectLocation;
import okhttp3.Response;

/**
 * Lists the unfinished uploads of an object.
 *
 * <p>minio-java's own method requires an owner, an initiator and a storage class for each upload,
 * which SeaweedFS leaves out; here only what is used is required.
 */
final class UploadListing extends MinioAsyncClient {

  /** Lists over the connections of that client. */
  UploadListing(MinioAsyncClient client) {
    super(client);
  }

  /**
   * The ids of the object's unfinished uploads.
   *
   * @throws IOException when the response breaks off
   */
  List<String> of(ObjectLocation location) throws IOException {
    var ids = new ArrayList<String>();
    Page page = Page.FIRST;
    do {
      page = next(location, page);
      // Servers other than MinIO list the uploads of all keys that begin with this one.
      page.uploads().stream()
          .filter(upload -> upload.key().equals(location.key()))
          .map(Upload::id)
          .forEach(ids::add);
    } while (page.truncated());
    return ids;
  }

  private Page next(ObjectLocation location, Page page) throws IOException {
    var bucket =
        ListMultipartUploadsArgs.builder()
            .skipValidation(true)
            .bucket(location.bucket().value())
            .build();
    var query = new Http.QueryParameters("uploads", "", "prefix", location.key());
    if (!page.nextKey().isEmpty()) {
      query.put("key-marker", page.nextKey());
    }
    if (!page.nextId().isEmpty()) {
      query.put("upload-id-marker", page.nextId());
    }
    try (Response response = answerTo(() -> executeGetAsync(bucket, new Http.Headers(), query))) {
      return Page.in(response.body().bytes());
    } catch (XMLStreamException e) {
      throw new IllegalStateException("its list of uploads is not understood: " + e, e);
    }
  }

  private record Upload(String key, String id) {}

  private record Page(List<Upload> uploads, boolean truncated, String nextKey, String nextId) {
    static final Page FIRST = new Page(List.of(), false, "", "");

    /** Reads a page; the elements of an upload may come in any order. */
    static Page in(byte[] content) throws XMLStreamException {
      var factory = XMLInputFactory.newDefaultFactory();
      factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
      XMLStreamReader xml = factory.createXMLStreamReader(new ByteArrayInputStream(content));
      var uploads = new ArrayList<Upload>();
      String key = "";
      String id = "";
      boolean truncated = false;
      String nextKey = "";
      String nextId = "";
      while (xml.hasNext()) {
        int event = xml.next();
        if (event == XMLStreamReader.START_ELEMENT) {
          switch (xml.getLocalName()) {
            case "Key" -> key = xml.getElementText();
            case "UploadId" -> id = xml.getElementText();
            case "IsTruncated" -> truncated = Boolean.parseBoolean(xml.getElementText());
            case "NextKeyMarker" -> nextKey = xml.getElementText();
            case "NextUploadIdMarker" -> nextId = xml.getElementText();
            default -> {
              // Not used.
            }
          }
        } else if (event == XMLStreamReader.END_ELEMENT && xml.getLocalName().equals("Upload")) {
          uploads.add(new Upload(key, id));
        }
      }
      return new Page(uploads, truncated, nextKey, nextId);
    }
  }
}
