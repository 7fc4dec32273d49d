/* Functions of nginx that only compute, as far as they are needed. */

#include <ngx_config.h>

#include <stdarg.h>
#include <stdio.h>


u_char *
ngx_sprintf(u_char *buf, const char *fmt, ...)
{
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf((char *) buf, NGX_INT_T_LEN, fmt, args);
    va_end(args);

    return buf + n;
}


u_char *
ngx_snprintf(u_char *buf, size_t max, const char *fmt, ...)
{
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf((char *) buf, max, fmt, args);
    va_end(args);

    return buf + ngx_min((size_t) n, max);
}


void
ngx_explicit_memzero(void *p, size_t n)
{
    memset(p, 0, n);
}


ngx_int_t
ngx_hextoi(u_char *line, size_t n)
{
    char           *end, hex[5];
    unsigned long   value;

    if (n != 4) {
        abort();
    }

    memcpy(hex, line, 4);
    hex[4] = '\0';

    if (strspn(hex, "0123456789abcdefABCDEF") != 4) {
        return NGX_ERROR;
    }

    value = strtoul(hex, &end, 16);

    return (ngx_int_t) value;
}


uint32_t
ngx_crc32_long(u_char *p, size_t len)
{
    uint32_t  sum;

    for (sum = 0; len; len--) {
        sum += *p++;
    }

    return sum;
}


ngx_time_t *
ngx_timeofday(void)
{
    static ngx_time_t  now = { 1772409600, 1 };

    return &now;
}
