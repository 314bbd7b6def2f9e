// OpenSSL's OCSP, and parameters in certificate files, as functions that Swift can call.
#ifndef CTLS_OCSP_H
#define CTLS_OCSP_H

#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <string.h>

// The issuer of a certificate of the context, with a reference of its own: of the chain that is sent, else of the store.
static inline X509 *ctls_issuer(SSL_CTX *ctx, X509 *certificate) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get_extra_chain_certs(ctx, &chain);
    for (int index = 0; index < sk_X509_num(chain); index++) {
        X509 *issuer = sk_X509_value(chain, index);
        if (X509_check_issued(issuer, certificate) == X509_V_OK) {
            X509_up_ref(issuer);
            return issuer;
        }
    }
    X509 *found = NULL;
    X509_STORE_CTX *search = X509_STORE_CTX_new();
    if (search == NULL) return NULL;
    if (!X509_STORE_CTX_init(search, SSL_CTX_get_cert_store(ctx), NULL, NULL)
        || X509_STORE_CTX_get1_issuer(&found, search, certificate) <= 0)
        found = NULL;
    X509_STORE_CTX_free(search);
    return found;
}
// The first OCSP responder that a certificate names, into `text`; its length, 0 for none.
static inline int ctls_responder(X509 *certificate, char *text, int room) {
    STACK_OF(OPENSSL_STRING) *list = X509_get1_ocsp(certificate);
    int count = 0;
    if (list != NULL && sk_OPENSSL_STRING_num(list) > 0) {
        const char *first = sk_OPENSSL_STRING_value(list, 0);
        count = (int)strlen(first);
        if (count >= room) count = 0; else memcpy(text, first, count);
    }
    X509_email_free(list);
    return count;
}
// A question about one certificate.
static inline OCSP_REQUEST *ctls_ocsp_request(OCSP_CERTID *id, int with_nonce) {
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *copy = OCSP_CERTID_dup(id);
    if (request == NULL || copy == NULL || OCSP_request_add0_id(request, copy) == NULL) {
        OCSP_CERTID_free(copy);
        OCSP_REQUEST_free(request);
        return NULL;
    }
    if (with_nonce) OCSP_request_add1_nonce(request, NULL, -1);
    return request;
}

// What an answer says of a certificate.
typedef struct {
    int response; // OCSP_RESPONSE_STATUS_…; -1: no answer at all
    int is_basic; // its parts could be read
    int is_found; // it is about the certificate
    int status;   // V_OCSP_CERTSTATUS_…
    int reason;   // of a revocation, or -1
    int is_timely;
} ctls_answer;

static inline ctls_answer ctls_read_answer(
    const unsigned char *bytes, long count, OCSP_CERTID *id, long skew, long max_age) {
    ctls_answer answer = {-1, 0, 0, V_OCSP_CERTSTATUS_UNKNOWN, -1, 0};
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &bytes, count);
    if (response == NULL) return answer;
    answer.response = OCSP_response_status(response);
    OCSP_BASICRESP *basic =
        answer.response == OCSP_RESPONSE_STATUS_SUCCESSFUL ? OCSP_response_get1_basic(response) : NULL;
    OCSP_RESPONSE_free(response);
    if (basic == NULL) return answer;
    answer.is_basic = 1;
    ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;
    answer.is_found = OCSP_resp_find_status(
        basic, id, &answer.status, &answer.reason, &revoked, &this_update, &next_update) == 1;
    if (answer.is_found) answer.is_timely = OCSP_check_validity(this_update, next_update, skew, max_age) == 1;
    OCSP_BASICRESP_free(basic);
    return answer;
}
// Whether an answer repeats the question's nonce and its signature is trusted: 0 for yes, 1 the nonce, 2 the signature.
static inline int ctls_verify_answer(
    const unsigned char *bytes, long count, OCSP_REQUEST *request, int checks_nonce, int checks_signature,
    STACK_OF(X509) *responders, X509_STORE *store, unsigned long flags) {
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &bytes, count);
    OCSP_BASICRESP *basic = response == NULL ? NULL : OCSP_response_get1_basic(response);
    OCSP_RESPONSE_free(response);
    if (basic == NULL) return 2;
    int result = 0;
    if (checks_nonce && OCSP_check_nonce(request, basic) != 1) result = 1;
    else if (checks_signature && OCSP_basic_verify(basic, responders, store, flags) != 1) result = 2;
    OCSP_BASICRESP_free(basic);
    return result;
}
static inline ASN1_INTEGER *ctls_id_serial(OCSP_CERTID *id) {
    ASN1_INTEGER *serial = NULL;
    OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
    return serial;
}

// The certificates of a file's responders are kept as a stack.
static inline STACK_OF(X509) *ctls_certificates(void) { return sk_X509_new_null(); }
static inline int ctls_certificates_add(STACK_OF(X509) *list, X509 *certificate) {
    return sk_X509_push(list, certificate);
}
static inline void ctls_certificates_free(STACK_OF(X509) *list) { sk_X509_pop_free(list, X509_free); }

// DH parameters and a curve that a certificate file holds; the bits of the parameters, and the curve's number; 0 for none.
static inline int ctls_use_parameters(SSL_CTX *ctx, BIO *file) {
    EVP_PKEY *key = PEM_read_bio_Parameters(file, NULL);
    int bits = 0;
    if (key != NULL && EVP_PKEY_is_a(key, "DH")) {
        bits = EVP_PKEY_get_bits(key);
        if (SSL_CTX_set0_tmp_dh_pkey(ctx, key)) return bits;
        bits = 0;
    }
    EVP_PKEY_free(key);
    return bits;
}
static inline int ctls_use_group(SSL_CTX *ctx, BIO *file) {
    EC_GROUP *group = PEM_read_bio_ECPKParameters(file, NULL, NULL, NULL);
    int nid = group == NULL ? 0 : EC_GROUP_get_curve_name(group);
    EC_GROUP_free(group);
    return nid != 0 && SSL_CTX_set1_curves(ctx, &nid, 1) ? nid : 0;
}

#endif
