// OpenSSL's TLS, and what of it is macros, as functions that Swift can call.
#ifndef CTLS_SHIM_H
#define CTLS_SHIM_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline long ctls_ctx_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_mode(ctx, mode); }
static inline long ctls_ctx_min_version(SSL_CTX *ctx, int version) { return SSL_CTX_set_min_proto_version(ctx, version); }
static inline long ctls_ctx_max_version(SSL_CTX *ctx, int version) { return SSL_CTX_set_max_proto_version(ctx, version); }
static inline long ctls_min_version(SSL *ssl, int version) { return SSL_set_min_proto_version(ssl, version); }
static inline long ctls_max_version(SSL *ssl, int version) { return SSL_set_max_proto_version(ssl, version); }
static inline long ctls_ctx_cache_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_session_cache_mode(ctx, mode); }
static inline long ctls_ctx_dh_auto(SSL_CTX *ctx) { return SSL_CTX_set_dh_auto(ctx, 1); }
static inline void ctls_ctx_read_ahead(SSL_CTX *ctx) { SSL_CTX_set_read_ahead(ctx, 1); }
static inline long ctls_ctx_one_curve(SSL_CTX *ctx, int nid) { return SSL_CTX_set1_curves(ctx, &nid, 1); }
static inline long ctls_ctx_clear_extra_chain(SSL_CTX *ctx) { return SSL_CTX_clear_extra_chain_certs(ctx); }
static inline long ctls_ctx_add_extra_chain(SSL_CTX *ctx, X509 *certificate) {
    return SSL_CTX_add_extra_chain_cert(ctx, certificate);
}
static inline long ctls_ctx_chain(SSL_CTX *ctx, STACK_OF(X509) **chain) {
    return SSL_CTX_get0_chain_certs(ctx, chain);
}
static inline long ctls_ctx_extra_chain(SSL_CTX *ctx, STACK_OF(X509) **chain) {
    return SSL_CTX_get_extra_chain_certs_only(ctx, chain);
}
static inline long ctls_ctx_set_current(SSL_CTX *ctx, long which) { return SSL_CTX_set_current_cert(ctx, which); }
static inline long ctls_ctx_servername(SSL_CTX *ctx, int (*callback)(SSL *, int *, void *)) {
    return SSL_CTX_set_tlsext_servername_callback(ctx, callback);
}
static inline long ctls_ctx_ticket(
    SSL_CTX *ctx, int (*callback)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *, EVP_MAC_CTX *, int)) {
    return SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, callback);
}
static inline long ctls_ctx_status(SSL_CTX *ctx, int (*callback)(SSL *, void *)) {
    return SSL_CTX_set_tlsext_status_cb(ctx, callback);
}
static inline long ctls_set_status_response(SSL *ssl, void *bytes, long count) {
    return SSL_set_tlsext_status_ocsp_resp(ssl, bytes, count);
}
static inline int ctls_set_owner(SSL *ssl, void *owner) { return SSL_set_app_data(ssl, owner); }
static inline void *ctls_owner(const SSL *ssl) { return SSL_get_app_data(ssl); }
static inline int ctls_ctx_set_owner(SSL_CTX *ctx, void *owner) { return SSL_CTX_set_app_data(ctx, owner); }
static inline void *ctls_ctx_owner(const SSL_CTX *ctx) { return SSL_CTX_get_app_data(ctx); }
static inline void ctls_bio_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void ctls_bio_retry_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline void ctls_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline int ctls_kernel_sends(SSL *ssl) { return SSL_get_wbio(ssl) && BIO_get_ktls_send(SSL_get_wbio(ssl)); }
static inline int ctls_error_library(unsigned long error) { return ERR_GET_LIB(error); }
static inline int ctls_error_reason(unsigned long error) { return ERR_GET_REASON(error); }
static inline int ctls_is_handshake_done(const SSL *ssl) { return SSL_is_init_finished(ssl); }
static inline long ctls_renegotiations(SSL *ssl) { return SSL_total_renegotiations(ssl); }
static inline long ctls_secure_renegotiation(SSL *ssl) { return SSL_get_secure_renegotiation_support(ssl); }
static inline int ctls_bits(const SSL_CIPHER *cipher, int *algorithm) { return SSL_CIPHER_get_bits(cipher, algorithm); }
static inline long ctls_memory(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }
static inline int ctls_name_count(const X509_NAME *name) { return X509_NAME_entry_count(name); }
static inline int ctls_cert_count(const STACK_OF(X509) *list) { return sk_X509_num(list); }
static inline X509 *ctls_cert_at(const STACK_OF(X509) *list, int index) { return sk_X509_value(list, index); }
static inline int ctls_general_name_count(const GENERAL_NAMES *list) { return sk_GENERAL_NAME_num(list); }
static inline GENERAL_NAME *ctls_general_name_at(const GENERAL_NAMES *list, int index) {
    return sk_GENERAL_NAME_value(list, index);
}
static inline void ctls_general_names_free(GENERAL_NAMES *list) { GENERAL_NAMES_free(list); }
static inline int ctls_name_list_count(const STACK_OF(X509_NAME) *list) { return sk_X509_NAME_num(list); }
static inline int ctls_general_name_kind(const GENERAL_NAME *name) { return name->type; }
static inline const ASN1_STRING *ctls_general_name_text(const GENERAL_NAME *name) {
    return name->type == GEN_DNS ? name->d.dNSName : name->type == GEN_EMAIL ? name->d.rfc822Name
         : name->type == GEN_IPADD ? name->d.iPAddress : NULL;
}
static inline const ASN1_TYPE *ctls_general_name_other(const GENERAL_NAME *name, int nid) {
    return name->type == GEN_OTHERNAME && OBJ_obj2nid(name->d.otherName->type_id) == nid ? name->d.otherName->value : NULL;
}

static inline int ctls_ticket_cipher(
    EVP_CIPHER_CTX *cipher, const unsigned char *key, int count, const unsigned char *iv, int encrypts) {
    return EVP_CipherInit_ex(cipher, count == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(), NULL, key, iv, encrypts);
}
static inline int ctls_ticket_mac(EVP_MAC_CTX *mac, const unsigned char *key, size_t count) {
    OSSL_PARAM list[3];
    list[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, count);
    list[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"sha256", 0);
    list[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac, list);
}

// The text in an extension of a kind that OpenSSL does not know.
static inline int ctls_print_text(BIO *bio, const ASN1_OCTET_STRING *value) {
    const unsigned char *bytes = ASN1_STRING_get0_data(value);
    ASN1_STRING *text = d2i_DISPLAYTEXT(NULL, &bytes, ASN1_STRING_length(value));
    int done = text && ASN1_STRING_print_ex(bio, text, ASN1_STRFLGS_UTF8_CONVERT) >= 0;
    ASN1_STRING_free(text);
    return done;
}

static inline unsigned long ctls_name_flags(void) { return XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB; }

// PEM certificates with their keys, for connections to other servers.
static inline STACK_OF(X509_INFO) *ctls_read_infos(BIO *bio) { return PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL); }
static inline int ctls_info_count(const STACK_OF(X509_INFO) *list) { return sk_X509_INFO_num(list); }
static inline X509 *ctls_info_certificate(const STACK_OF(X509_INFO) *list, int index) {
    return sk_X509_INFO_value(list, index)->x509;
}
static inline EVP_PKEY *ctls_info_key(const STACK_OF(X509_INFO) *list, int index) {
    X509_INFO *info = sk_X509_INFO_value(list, index);
    return info->x_pkey ? info->x_pkey->dec_pkey : NULL;
}
static inline int ctls_info_is_encrypted(const STACK_OF(X509_INFO) *list, int index) {
    return sk_X509_INFO_value(list, index)->enc_data != NULL;
}
static inline void ctls_infos_free(STACK_OF(X509_INFO) *list) { sk_X509_INFO_pop_free(list, X509_INFO_free); }
// Whether the other end names the certificate's issuer among those it takes; so does an end that names nobody.
static inline int ctls_peer_takes(const SSL *ssl, const X509_NAME *issuer) {
    const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(ssl);
    if (names == NULL || sk_X509_NAME_num(names) <= 0) return 1;
    for (int index = 0; index < sk_X509_NAME_num(names); index++)
        if (X509_NAME_cmp(sk_X509_NAME_value(names, index), issuer) == 0) return 1;
    return 0;
}
static inline long ctls_server_name(SSL *ssl, const char *name) { return SSL_set_tlsext_host_name(ssl, name); }
static inline void ctls_client_callback(SSL_CTX *ctx, int (*callback)(SSL *, X509 **, EVP_PKEY **)) {
    SSL_CTX_set_client_cert_cb(ctx, callback);
}

#endif
