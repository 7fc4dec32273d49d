/*
 * The searches of <string.h> as C23 has them: what is found in a const string
 * is const.  glibc 2.43 does it so, and gcc asks for C23 by default since 15.
 * "make lint" puts this before each file, for older compilers to see it.
 */

#ifndef ZOOM_CONST_STRING_H_INCLUDED
#define ZOOM_CONST_STRING_H_INCLUDED


#include <string.h>


#undef strchr
#undef strrchr
#undef strstr
#undef strpbrk
#undef memchr

#define zoom_const_found(s, found)                                            \
    _Generic((s),                                                             \
             const void *: (const void *) (found),                            \
             const char *: (const char *) (found),                            \
             const unsigned char *: (const void *) (found),                   \
             default: (found))

#define strchr(s, c)        zoom_const_found(s, strchr(s, c))
#define strrchr(s, c)       zoom_const_found(s, strrchr(s, c))
#define strstr(s, what)     zoom_const_found(s, strstr(s, what))
#define strpbrk(s, set)     zoom_const_found(s, strpbrk(s, set))
#define memchr(s, c, n)     zoom_const_found(s, memchr(s, c, n))


#endif /* ZOOM_CONST_STRING_H_INCLUDED */
