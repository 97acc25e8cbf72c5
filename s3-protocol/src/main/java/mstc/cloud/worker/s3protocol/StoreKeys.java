package mstc.cloud.worker.s3protocol;

/**
 * What a store's settings are called, for advice.
 *
 * @param address where the store is
 * @param credentials the user and its secret
 * @param authorities the file of authorities to trust
 */
public record StoreKeys(String address, String credentials, String authorities) {}
