package redbrick

// WriteCertificate lends the maker of certificates to the tests outside of the package.
var WriteCertificate = writeCertificate
