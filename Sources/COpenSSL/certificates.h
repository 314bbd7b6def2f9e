// Keys, certificates and TLS clients: what Swift cannot call of OpenSSL (macros, typed stacks, variadic functions).
#ifndef MARTINET_CERTIFICATES_H
#define MARTINET_CERTIFICATES_H
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline long certificates_bio_bytes(BIO *bio, unsigned char **start) { return BIO_get_mem_data(bio, start); }

static inline EVP_PKEY *certificates_rsa_key(size_t bits) { return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits); }
static inline EVP_PKEY *certificates_curve_key(const char *curve) {
    if (!strcmp(curve, "X25519") || !strcmp(curve, "X448")) return EVP_PKEY_Q_keygen(NULL, NULL, curve);
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
}

// A pass phrase of any bytes: length and start.
struct certificates_phrase { const unsigned char *bytes; int count; };
static inline int certificates_give_phrase(char *room, int size, int writing, void *phrase) {
    struct certificates_phrase *given = phrase;
    (void)writing;
    if (given->count > size) return -1;
    memcpy(room, given->bytes, (size_t)given->count);
    return given->count;
}
static inline EVP_PKEY *certificates_read_key(const void *pem, int size, const unsigned char *phrase, int count) {
    struct certificates_phrase given = {phrase, count};
    BIO *bio = BIO_new_mem_buf(pem, size);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, certificates_give_phrase, &given) : NULL;
    BIO_free(bio);
    return key;
}
static inline int certificates_write_key(BIO *bio, EVP_PKEY *key, const unsigned char *phrase, int count) {
    struct certificates_phrase given = {phrase, count};
    return PEM_write_bio_PKCS8PrivateKey(
        bio, key, count ? EVP_aes_256_cbc() : NULL, NULL, 0, count ? certificates_give_phrase : NULL, &given);
}

// r and s of an ECDSA signature, each as `width` bytes.
static inline int certificates_flat_signature(const unsigned char *der, long size, unsigned char *out, int width) {
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, size);
    if (!signature) return 0;
    int ok = BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, width) == width
        && BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + width, width) == width;
    ECDSA_SIG_free(signature);
    return ok;
}

// `names` has one DNS name or IP address ("IP:…") a line.
static inline GENERAL_NAMES *certificates_names(const char *names) {
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    while (list && *names) {
        size_t count = strcspn(names, "\n");
        GENERAL_NAME *name = GENERAL_NAME_new();
        if (count > 3 && !strncmp(names, "IP:", 3)) {
            char *text = strndup(names + 3, count - 3);
            ASN1_OCTET_STRING *address = text ? a2i_IPADDRESS(text) : NULL;
            free(text);
            if (address) GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        } else {
            ASN1_IA5STRING *text = ASN1_IA5STRING_new();
            ASN1_STRING_set(text, names, (int)count);
            GENERAL_NAME_set0_value(name, GEN_DNS, text);
        }
        sk_GENERAL_NAME_push(list, name);
        names += count;
        if (*names) names++;
    }
    return list;
}
static inline int certificates_add_names(X509 *certificate, const char *names) {
    GENERAL_NAMES *list = certificates_names(names);
    int ok = list && X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, 0) == 1;
    GENERAL_NAMES_free(list);
    return ok;
}
static inline int certificates_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    int ok = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}
// An extension of any object identifier with these bytes.
static inline int certificates_add_raw(X509 *certificate, const char *oid, int critical, const unsigned char *bytes, int count) {
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    int ok = object && value && ASN1_OCTET_STRING_set(value, bytes, count)
        && (extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, value))
        && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
    return ok;
}
// subjectAltName, and status_request in the TLS feature extension (RFC 7633) when `staple`.
static inline int certificates_request_extensions(X509_REQ *request, const char *names, int staple) {
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    GENERAL_NAMES *alternatives = certificates_names(names);
    X509_EXTENSION *extension = X509V3_EXT_i2d(NID_subject_alt_name, 0, alternatives);
    int ok = extension && sk_X509_EXTENSION_push(list, extension) > 0;
    if (ok && staple) {
        extension = X509V3_EXT_conf_nid(NULL, NULL, NID_tlsfeature, "DER:30:03:02:01:05");
        ok = extension && sk_X509_EXTENSION_push(list, extension) > 0;
    }
    ok = ok && X509_REQ_add_extensions(request, list);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    GENERAL_NAMES_free(alternatives);
    return ok;
}

// Calls `found` for each DNS name, URI (kind 0) and IP address (kind 1) of subjectAltName.
static inline void certificates_each_name(
    const X509 *certificate, void (*found)(void *context, int kind, const unsigned char *bytes, int count), void *context) {
    GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int index = 0; index < sk_GENERAL_NAME_num(list); index++) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(list, index);
        if (name->type == GEN_DNS || name->type == GEN_URI) {
            found(context, 0, ASN1_STRING_get0_data(name->d.ia5), ASN1_STRING_length(name->d.ia5));
        } else if (name->type == GEN_IPADD) {
            found(context, 1, ASN1_STRING_get0_data(name->d.iPAddress), ASN1_STRING_length(name->d.iPAddress));
        }
    }
    GENERAL_NAMES_free(list);
}
// The first URI of authorityInfoAccess for this method (NID_ad_OCSP, NID_ad_ca_issuers); the caller frees it.
static inline char *certificates_access(const X509 *certificate, int method) {
    AUTHORITY_INFO_ACCESS *list = X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);
    char *result = NULL;
    for (int index = 0; !result && index < sk_ACCESS_DESCRIPTION_num(list); index++) {
        ACCESS_DESCRIPTION *entry = sk_ACCESS_DESCRIPTION_value(list, index);
        if (OBJ_obj2nid(entry->method) != method || entry->location->type != GEN_URI) continue;
        ASN1_STRING *uri = entry->location->d.uniformResourceIdentifier;
        result = strndup((const char *)ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
    }
    AUTHORITY_INFO_ACCESS_free(list);
    return result;
}
static inline int certificates_must_staple(const X509 *certificate) {
    return X509_get_ext_by_NID(certificate, NID_tlsfeature, -1) >= 0;
}
// Seconds since the epoch; 0 for a time that cannot be read.
static inline long long certificates_seconds(const ASN1_TIME *time) {
    struct tm parts;
    return time && ASN1_TIME_to_tm(time, &parts) == 1 ? (long long)timegm(&parts) : 0;
}

static inline void certificates_tls_minimum(SSL_CTX *context) { SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION); }
static inline void certificates_tls_name(SSL *connection, const char *name) { SSL_set_tlsext_host_name(connection, name); }
static inline const char *certificates_verify_text(SSL *connection) {
    return X509_verify_cert_error_string(SSL_get_verify_result(connection));
}
static inline long certificates_verify_result(SSL *connection) { return SSL_get_verify_result(connection); }
// A question with a nonce about one certificate; NULL when there is no memory.
static inline OCSP_REQUEST *certificates_ocsp_request(X509 *certificate, X509 *issuer) {
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, certificate, issuer);
    if (!request || !id || !OCSP_request_add0_id(request, id)) {
        OCSP_CERTID_free(id);
        OCSP_REQUEST_free(request);
        return NULL;
    }
    OCSP_request_add1_nonce(request, NULL, -1);
    return request;
}
static inline int certificates_ocsp_write(BIO *bio, OCSP_REQUEST *request) {
    unsigned char *der = NULL;
    int count = i2d_OCSP_REQUEST(request, &der);
    int ok = count > 0 && BIO_write(bio, der, count) == count;
    OPENSSL_free(der);
    return ok;
}
// The issuer, or somebody it certified for this, must have signed the answer.
static inline int certificates_ocsp_signed(OCSP_BASICRESP *basic, X509 *issuer) {
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *others = sk_X509_new_null();
    int ok = store && others && sk_X509_push(others, issuer) > 0 && X509_STORE_add_cert(store, issuer)
        && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) && OCSP_basic_verify(basic, others, store, 0) > 0;
    sk_X509_free(others);
    X509_STORE_free(store);
    return ok;
}
enum { certificates_ocsp_unreadable = -1, certificates_ocsp_refused = -2, certificates_ocsp_empty = -3,
       certificates_ocsp_nonce = -4, certificates_ocsp_signature = -5, certificates_ocsp_other = -6,
       certificates_ocsp_future = -7 };
// Reads an answer: V_OCSP_CERTSTATUS_… or one of the above. `detail` is the responder's status.
static inline int certificates_ocsp_read(
    const unsigned char *der, long count, OCSP_REQUEST *request, X509 *certificate, X509 *issuer, int *detail,
    const ASN1_TIME **from, const ASN1_TIME **until, OCSP_BASICRESP **keep) {
    int result = certificates_ocsp_unreadable, reason = 0;
    OCSP_BASICRESP *basic = NULL;
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, certificate, issuer);
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &der, count);
    ASN1_GENERALIZEDTIME *begin = NULL, *end = NULL;
    if (!response || !id) goto out;
    result = certificates_ocsp_refused;
    *detail = OCSP_response_status(response);
    if (*detail != OCSP_RESPONSE_STATUS_SUCCESSFUL) goto out;
    result = certificates_ocsp_empty;
    if (!(basic = OCSP_response_get1_basic(response))) goto out;
    result = certificates_ocsp_nonce;
    if (request && OCSP_check_nonce(request, basic) == 0) goto out;
    result = certificates_ocsp_signature;
    if (!certificates_ocsp_signed(basic, issuer)) goto out;
    result = certificates_ocsp_other;
    if (!OCSP_resp_find_status(basic, id, detail, &reason, NULL, &begin, &end)) goto out;
    result = certificates_ocsp_future;
    if (!OCSP_check_validity(begin, end, 300, -1)) goto out;
    result = *detail;
    *from = begin;
    *until = end;
out:
    *keep = basic;
    OCSP_CERTID_free(id);
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    return result;
}

#endif
