/* Records that are sealed where they lie. */

#include <limits.h>

#include <openssl/evp.h>

#include "zoom_base64.h"
#include "zoom_seal.h"


#define ZOOM_SEAL_VERSION  1


static int zoom_seal_run(EVP_CIPHER_CTX *ctx, const unsigned char *key,
    unsigned char *sealed, zoom_str_t name, zoom_str_t plain);
static int zoom_open_run(EVP_CIPHER_CTX *ctx, const unsigned char *key,
    unsigned char *plain, zoom_str_t name, zoom_str_t sealed);


const char *
zoom_seal_key(zoom_seal_t *seal, zoom_str_t base64)
{
    zoom_buf_t     b;
    const char    *why;
    unsigned char  key[ZOOM_SEAL_KEY_LEN + 3];

    if (seal->n == ZOOM_SEAL_KEYS_MAX) {
        return "is one too many";
    }

    zoom_buf_init(&b, key, sizeof(key));
    why = NULL;

    if (zoom_base64_decode(&b, base64) != 0) {
        why = b.overflow ? "is longer than 32 bytes" : "is not valid base64";

    } else if (b.len != ZOOM_SEAL_KEY_LEN) {
        why = (b.len < ZOOM_SEAL_KEY_LEN) ? "is shorter than 32 bytes"
                                          : "is longer than 32 bytes";

    } else {
        memcpy(seal->keys[seal->n++], key, ZOOM_SEAL_KEY_LEN);
    }

    zoom_wipe(key, sizeof(key));

    return why;
}


int
zoom_seal(zoom_buf_t *b, const zoom_seal_t *seal, const unsigned char *nonce,
    zoom_str_t name, zoom_str_t plain)
{
    int              rc;
    size_t           room;
    unsigned char   *p;
    EVP_CIPHER_CTX  *ctx;

    room = b->size - b->len;

    if (b->overflow || seal->n == 0 || room < ZOOM_SEAL_EXTRA
        || plain.len > room - ZOOM_SEAL_EXTRA || plain.len > INT_MAX
        || name.len > INT_MAX)
    {
        b->overflow = 1;
        return -1;
    }

    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        return -1;
    }

    p = b->data + b->len;

    p[0] = ZOOM_SEAL_VERSION;
    memcpy(p + 1, nonce, ZOOM_SEAL_NONCE_LEN);

    rc = zoom_seal_run(ctx, seal->keys[0], p, name, plain);

    if (rc == 0) {
        b->len += plain.len + ZOOM_SEAL_EXTRA;
    }

    EVP_CIPHER_CTX_free(ctx);

    return rc;
}


static int
zoom_seal_run(EVP_CIPHER_CTX *ctx, const unsigned char *key,
    unsigned char *sealed, zoom_str_t name, zoom_str_t plain)
{
    int             n, last;
    unsigned char  *p;

    p = sealed + 1 + ZOOM_SEAL_NONCE_LEN;
    n = 0;

    if (EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed + 1) != 1
        || EVP_EncryptUpdate(ctx, NULL, &last, sealed, 1) != 1
        || EVP_EncryptUpdate(ctx, NULL, &last, name.data, (int) name.len) != 1
        || (plain.len
            && EVP_EncryptUpdate(ctx, p, &n, plain.data, (int) plain.len) != 1)
        || EVP_EncryptFinal_ex(ctx, p + n, &last) != 1
        || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, ZOOM_SEAL_TAG_LEN,
                               p + plain.len)
           != 1)
    {
        return -1;
    }

    return 0;
}


int
zoom_open(zoom_buf_t *b, const zoom_seal_t *seal, zoom_str_t name,
    zoom_str_t sealed)
{
    int              rc;
    size_t           i, len;
    EVP_CIPHER_CTX  *ctx;

    if (sealed.len < ZOOM_SEAL_EXTRA || sealed.data[0] != ZOOM_SEAL_VERSION
        || sealed.len > INT_MAX || name.len > INT_MAX)
    {
        return -1;
    }

    len = sealed.len - ZOOM_SEAL_EXTRA;

    if (b->overflow || len > b->size - b->len) {
        b->overflow = 1;
        return -1;
    }

    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        return -1;
    }

    rc = -1;

    for (i = 0; i < seal->n && rc < 0; i++) {
        if (zoom_open_run(ctx, seal->keys[i], b->data + b->len, name, sealed)
            == 0)
        {
            rc = (int) i;
        }
    }

    EVP_CIPHER_CTX_free(ctx);

    if (rc < 0) {
        zoom_wipe(b->data + b->len, len);
        return -1;
    }

    b->len += len;

    return rc;
}


static int
zoom_open_run(EVP_CIPHER_CTX *ctx, const unsigned char *key,
    unsigned char *plain, zoom_str_t name, zoom_str_t sealed)
{
    int                   n, last;
    size_t                len;
    unsigned char         tag[ZOOM_SEAL_TAG_LEN];
    const unsigned char  *text;

    text = sealed.data + 1 + ZOOM_SEAL_NONCE_LEN;
    len = sealed.len - ZOOM_SEAL_EXTRA;
    n = 0;

    memcpy(tag, text + len, ZOOM_SEAL_TAG_LEN);

    if (EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed.data + 1)
        != 1
        || EVP_DecryptUpdate(ctx, NULL, &last, sealed.data, 1) != 1
        || EVP_DecryptUpdate(ctx, NULL, &last, name.data, (int) name.len) != 1
        || (len && EVP_DecryptUpdate(ctx, plain, &n, text, (int) len) != 1)
        || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, ZOOM_SEAL_TAG_LEN,
                               tag)
           != 1
        || EVP_DecryptFinal_ex(ctx, plain + n, &last) != 1)
    {
        return -1;
    }

    return 0;
}
