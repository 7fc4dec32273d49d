/*
 * Strings, bounded buffers and the handling of secrets.
 *
 * The core never allocates for a string of its own: a zoom_str_t borrows, a
 * zoom_buf_t writes into memory of the caller.
 */

#ifndef ZOOM_STRING_H_INCLUDED
#define ZOOM_STRING_H_INCLUDED


#include <stddef.h>
#include <stdint.h>
#include <string.h>


typedef struct {
    const unsigned char  *data;
    size_t                len;
} zoom_str_t;


/*
 * A writer into "size" bytes at "data".  What does not fit is not written and
 * sets "overflow", after which nothing is written any more; a caller appends
 * everything and tests once.  There is no terminating zero.
 */

typedef struct {
    unsigned char        *data;
    size_t                len;
    size_t                size;
    int                   overflow;
} zoom_buf_t;


#define zoom_str(lit)                                                         \
    { (const unsigned char *) (lit), sizeof(lit) - 1 }


/* In the header since a callback needs some hundred of them. */

static inline zoom_str_t
zoom_str_c(const char *zero_terminated)
{
    zoom_str_t  s;

    s.data = (const unsigned char *) zero_terminated;
    s.len = (zero_terminated == NULL) ? 0 : strlen(zero_terminated);

    return s;
}


static inline void
zoom_buf_init(zoom_buf_t *b, void *data, size_t size)
{
    b->data = data;
    b->len = 0;
    b->size = size;
    b->overflow = 0;
}


static inline void
zoom_buf_add(zoom_buf_t *b, const void *data, size_t len)
{
    /* once something is missing, what follows would make another text */

    if (b->overflow || len > b->size - b->len) {
        b->overflow = 1;
        return;
    }

    if (len == 0) {
        return;
    }

    memcpy(b->data + b->len, data, len);
    b->len += len;
}


static inline void
zoom_buf_str(zoom_buf_t *b, zoom_str_t s)
{
    zoom_buf_add(b, s.data, s.len);
}


static inline void
zoom_buf_c(zoom_buf_t *b, const char *zero_terminated)
{
    zoom_buf_str(b, zoom_str_c(zero_terminated));
}


/* 1 if equal.  Not constant in time: never for secrets. */

static inline int
zoom_str_eq(zoom_str_t a, zoom_str_t b)
{
    return a.len == b.len
           && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


static inline unsigned char
zoom_lower(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') ? (unsigned char) (c | 0x20) : c;
}


void zoom_buf_int(zoom_buf_t *b, int64_t n);

/* ASCII case is ignored. */
int zoom_str_caseeq(zoom_str_t a, zoom_str_t b);

/* 1 if "word" stands anywhere in "s".  ASCII case is ignored. */
int zoom_str_casefind(zoom_str_t s, const char *word);

/* 1 if "c" is one of these characters; a zero never is. */
int zoom_one_of(unsigned char c, const char *characters);

/* 1 if "s" is printable ASCII, spaces among it. */
int zoom_printable(zoom_str_t s);

/* The value of a hexadecimal digit, or -1. */
int zoom_hex(unsigned char c);

/*
 * The length of the well-formed UTF-8 sequence of two to four bytes (Unicode,
 * table 3-7) that begins at "p", which is before "end"; 0 if there is none.
 */

size_t zoom_utf8_len(const unsigned char *p, const unsigned char *end);

/*
 * Compares a secret of ours with what a stranger sent: 1 if equal.  The time
 * taken depends on the length of "sent" only, neither on the content nor on
 * the length of "secret".  An empty secret equals nothing.
 */

int zoom_secret_eq(zoom_str_t secret, zoom_str_t sent);

/* Overwrites memory in a way the compiler does not remove. */
void zoom_wipe(void *data, size_t len);


#endif /* ZOOM_STRING_H_INCLUDED */
