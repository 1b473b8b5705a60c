/** English, German, French, Spanish: common words, each row one meaning, each column without doubles where it can be. */
const rows = `
the die la la|the der le el|the das les los|the den les las|the dem le el|a eine une una|a ein une una|and und et y|or oder ou o|but aber mais pero|not nicht pas no|is ist est es|are sind sont son|was war était era
were waren étaient eran|has hat a tiene|have haben ont tienen|had hatte avait tenía|will wird va va|would würde serait sería|can kann peut puede
in in dans en|on auf sur sobre|at bei chez junto|of von de de|to zu à a|from aus depuis desde|with mit avec con|without ohne sans sin|for für pour para
by durch par por|under unter sous bajo|over über dessus encima|between zwischen entre entre|after nach après después|before vor avant antes
he er il él|she sie elle ella|it es cela ello|we wir nous nosotros|you du vous tú|i ich je yo|they jene ils ellos|this dieser ce este|that jener cette ese
his sein son su|her ihr sa suya|our unser notre nuestro|my mein mon mi|your dein votre tu|their deren leur suyo|who wer qui quien|what was quoi qué
when wann quand cuando|where wo où donde|why warum pourquoi porqué|how wie comment cómo|all alle tous todos|some einige certains algunos|many viele beaucoup muchos
one eins un uno|two zwei deux dos|three drei trois tres|four vier quatre cuatro|five fünf cinq cinco|first erste premier primero|last letzte dernier último
new neu nouveau nuevo|old alt vieux viejo|good gut bon bueno|bad schlecht mauvais malo|great groß grand grande|small klein petit pequeño|long lang long largo
short kurz court corto|high hoch haut alto|low niedrig bas bajo|young jung jeune joven|strong stark fort fuerte|clear klar clair claro|dark dunkel sombre oscuro
light licht lumière luz|red rot rouge rojo|blue blau bleu azul|green grün vert verde|white weiß blanc blanco|black schwarz noir negro|yellow gelb jaune amarillo
man mann homme hombre|woman frau femme mujer|child kind enfant niño|people leute gens gente|friend freund ami amigo|mother mutter mère madre|father vater père padre
house haus maison casa|city stadt ville ciudad|street straße rue calle|country land pays país|world welt monde mundo|sea meer mer mar|river fluss fleuve río
mountain berg montagne montaña|sky himmel ciel cielo|sun sonne soleil sol|moon mond lune luna|star stern étoile estrella|water wasser eau agua|fire feuer feu fuego
air luft air aire|earth erde terre tierra|tree baum arbre árbol|flower blume fleur flor|forest wald forêt bosque|wind wind vent viento|rain regen pluie lluvia
snow schnee neige nieve|ice eis glace hielo|day tag jour día|night nacht nuit noche|morning morgen matin mañana|evening abend soir tarde|year jahr année año
week woche semaine semana|month monat mois mes|hour stunde heure hora|time zeit temps tiempo|life leben vie vida|death tod mort muerte|love liebe amour amor
work arbeit travail trabajo|book buch livre libro|letter brief lettre carta|word wort mot palabra|story geschichte histoire historia|name name nom nombre
question frage question pregunta|answer antwort réponse respuesta|door tür porte puerta|window fenster fenêtre ventana|table tisch table mesa|chair stuhl chaise silla
bread brot pain pan|wine wein vin vino|coffee kaffee café café|tea tee thé té|food essen nourriture comida|money geld argent dinero|price preis prix precio
ship schiff navire barco|horse pferd cheval caballo|dog hund chien perro|cat katze chat gato|bird vogel oiseau pájaro|fish fisch poisson pez|hand hand main mano
head kopf tête cabeza|eye auge œil ojo|heart herz cœur corazón|king könig roi rey|war krieg guerre guerra|peace frieden paix paz|law gesetz loi ley
go gehen aller ir|come kommen venir venir|see sehen voir ver|know wissen savoir saber|think denken penser pensar|say sagen dire decir|give geben donner dar
take nehmen prendre tomar|make machen faire hacer|find finden trouver encontrar|write schreiben écrire escribir|read lesen lire leer|open öffnen ouvrir abrir
begin beginnen commencer empezar|end ende fin fin|live wohnen vivre vivir|sleep schlafen dormir dormir|speak sprechen parler hablar|travel reisen voyager viajar
north norden nord norte|south süden sud sur|dispute streiten disputer disputar|agree vereinbaren convenir acordar|which welcher lequel cuál|most meist plupart mayoría
powerful mächtig puissant poderoso|power macht pouvoir poder|force gewalt force fuerza|might kraft puissance potencia|should soll devrait debería|could könnte pourrait podría
declare erklären déclarer declarar|victor sieger vainqueur vencedor|victory sieg victoire victoria|strip ausziehen dépouiller despojar|clothes kleider vêtements ropa|cloak mantel manteau capa
be sein être ser|try versuchen essayer intentar|blow blasen souffler soplar|keen scharf vif agudo|blast stoß rafale ráfaga|close nah proche cercano|wrap hüllen envelopper envolver|around umher autour alrededor
until bis jusque hasta|resign aufgeben abandonner renunciar|hope hoffnung espoir esperanza|call rufen appeler llamar|do tun fais hace|suddenly plötzlich soudain repente|shine scheinen briller brillar
warmth wärme chaleur calor|heat hitze ardeur ardor|feel fühlen sentir sentir|soon bald bientôt pronto|ray strahl rayon rayo|off ab loin fuera|out aus hors afuera|traveler wanderer voyageur viajero
another anderer autre otro|fairly ziemlich assez bastante|overcome überwinden vaincre vencido|undress entkleiden déshabiller desvestir|bathe baden baigner bañar|stream bach ruisseau arroyo
lie liegen gît yacer|path weg chemin camino|persuasion überzeugung persuasion persuasión|better besser mieux mejor|than als que que|so so si tan|as wie comme como|him ihn lui lo|last letzte dernier último
freedom freiheit liberté libertad|nation nation nation nación|equal gleich égal igual|field feld champ campo|battle schlacht bataille batalla|place ort lieu lugar|nobly edel noblement noblemente|brave tapfer courageux valiente
very sehr très muy|more mehr plus más|less weniger moins menos|always immer toujours siempre|never nie jamais nunca|now jetzt maintenant ahora|here hier ici aquí
there dort là allí|again wieder encore otra|today heute aujourd'hui hoy|yes ja oui sí|no nein non nó|please bitte svp porfavor
thank danke merci gracias|hello hallo bonjour hola|beautiful schön beau hermoso|happy glücklich heureux feliz|warm warm chaud cálido|cold kalt froid frío
`

export const dictionary: readonly (readonly string[])[] = rows
  .trim()
  .split(/[\n|]/)
  .map((row) => row.split(' '))
