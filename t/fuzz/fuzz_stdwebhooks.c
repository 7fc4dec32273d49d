/* Lines of a stranger's: id, timestamp, signatures; what is left is a body. */

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "zoom_base64.h"
#include "zoom_stdwebhooks.h"


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


static zoom_hmac_t       fuzz_key;
static const zoom_str_t  key = zoom_str("0123456789abcdef0123456789abcdef");


static zoom_str_t
fuzz_line(zoom_str_t *text)
{
    zoom_str_t            line;
    const unsigned char  *end;

    line = *text;
    end = text->len ? memchr(text->data, '\n', text->len) : NULL;

    if (end == NULL) {
        text->data += text->len;
        text->len = 0;
        return line;
    }

    line.len = (size_t) (end - text->data);
    text->data += line.len + 1;
    text->len -= line.len + 1;

    return line;
}


/* What we sign holds, and nothing else that came. */

static void
fuzz_sign(zoom_stdwebhooks_t *sent, zoom_str_t body, zoom_buf_t *scratch)
{
    int            rc;
    zoom_buf_t     list;
    unsigned int   len;
    unsigned char  sum[EVP_MAX_MD_SIZE], text[64];

    zoom_buf_str(scratch, sent->id);
    zoom_buf_c(scratch, ".");
    zoom_buf_str(scratch, sent->timestamp);
    zoom_buf_c(scratch, ".");
    zoom_buf_str(scratch, body);

    if (scratch->overflow
        || HMAC(EVP_sha256(), key.data, (int) key.len, scratch->data,
                scratch->len, sum, &len)
           == NULL)
    {
        abort();
    }

    zoom_buf_init(&list, text, sizeof(text));
    zoom_buf_c(&list, "v1,");
    zoom_base64_encode(&list, sum, len);

    sent->signature.data = list.data;
    sent->signature.len = list.len;

    scratch->len = 0;
    rc = zoom_stdwebhooks_verify(&fuzz_key, sent, body, scratch);

    if (rc != 1 || scratch->len) {
        abort();
    }

    text[10] = (text[10] == 'A') ? 'B' : 'A';

    if (zoom_stdwebhooks_verify(&fuzz_key, sent, body, scratch) != 0) {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    int                 rc;
    int64_t             at;
    zoom_buf_t          scratch;
    zoom_str_t          body;
    const char         *why;
    zoom_hmac_t         other;
    unsigned char      *text;
    zoom_stdwebhooks_t  sent;

    body.data = data;
    body.len = size;

    sent.id = fuzz_line(&body);
    sent.timestamp = fuzz_line(&body);
    sent.signature = fuzz_line(&body);

    text = malloc(size + 2);

    if (text == NULL || zoom_hmac_key(&fuzz_key, key) != 0) {
        abort();
    }

    zoom_buf_init(&scratch, text, sent.id.len + sent.timestamp.len + body.len
                                  + 2);

    why = zoom_stdwebhooks_check(&sent, 1731705121, &at);
    rc = zoom_stdwebhooks_verify(&fuzz_key, &sent, body, &scratch);

    if (rc < 0
        || (why == NULL && (at < 1731704821 || at > 1731705421
                            || sent.id.len > ZOOM_STDWEBHOOKS_ID_MAX)))
    {
        abort();
    }

    fuzz_sign(&sent, body, &scratch);

    (void) zoom_stdwebhooks_key(&other, sent.id);

    free(text);

    return 0;
}
